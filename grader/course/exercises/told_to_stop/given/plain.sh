#!/bin/bash
export CLIMATE=1.9
./glacier
