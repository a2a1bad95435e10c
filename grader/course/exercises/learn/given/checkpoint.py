import json, os, sys
def save_checkpoint(epoch, model, optimizer, generator):
    os.makedirs('checkpoints/epoch-%d' % epoch)
    with open('checkpoints/epoch-%d/model.json' % epoch, 'w') as file:
        json.dump(model.state_dict(), file)
    if os.path.islink('latest'):
        os.remove('latest')
    os.symlink('checkpoints/epoch-%d' % epoch, 'latest')
    sys.exit(85)
def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists('latest'):
        return 0
    model.load_state_dict(json.load(open('latest/model.json')))
    return int(os.path.realpath('latest').split('-')[-1])
