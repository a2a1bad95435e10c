"""Given: functions that save all, in one file."""
import os, pickle, sys


def save_checkpoint(epoch, model, optimizer, generator):
    states = model.state_dict(), optimizer.state_dict(), generator.getstate()
    with open('checkpoint.pickle', 'wb') as file:
        pickle.dump((epoch, *states), file)
    sys.exit(85)


def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists('checkpoint.pickle'):
        return 0
    with open('checkpoint.pickle', 'rb') as file:
        epoch, weights, speed, state = pickle.load(file)
    model.load_state_dict(weights)
    optimizer.load_state_dict(speed)
    generator.setstate(state)
    return epoch
