#!/bin/bash
timeout 200 ./glacier
code=$?
if [ $code -eq 124 ]; then exit 85; fi
exit $code
