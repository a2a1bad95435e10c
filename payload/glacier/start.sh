#!/bin/bash
# Set up what glacier needs, and start it
export CLIMATE=1.9
./glacier
