"""As tutorials do it: a directory for each save, and a link `latest` to the newest."""
import json, os, sys


def save_checkpoint(epoch, model, optimizer, generator):
    directory = 'checkpoints/epoch-%d' % epoch
    os.makedirs(directory)
    with open(directory + '/model.json', 'w') as file:
        json.dump(model.state_dict(), file)
    if os.path.islink('latest'):
        os.remove('latest')
    os.symlink(directory, 'latest')
    sys.exit(85)


def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists('latest'):
        return 0
    with open('latest/model.json') as file:
        model.load_state_dict(json.load(file))
    return int(os.path.realpath('latest').split('-')[-1])
