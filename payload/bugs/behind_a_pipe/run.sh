#!/bin/bash
# Run the model, and keep what it says in a log.
python3 model.py 2>&1 | tee -a model.log
