// On a narrow screen, closes JupyterLab's list of files when a notebook is opened, which would be a sliver beside it.
//
// This is a JupyterLab extension as its loader takes it: a container of one module, written by hand, as there is nothing
// to bundle.
const narrow = window.matchMedia("(max-width: 760px)"); // where JupyterLab itself turns to its mobile format

const plugin = {
  id: "narrow-screen:plugin",
  autoStart: true,
  activate({ commands, restored, shell }) {
    const makeRoom = () => narrow.matches && shell.collapseLeft();
    const shown = (_, { id, result }) => {
      if (id === "docmanager:show-in-file-browser") {
        commands.commandExecuted.disconnect(shown); // from then on it is somebody's wish
        result.then(makeRoom);
      }
    };
    commands.commandExecuted.connect(shown); // the lab begins with that, for the notebook in its address
    restored.then(() => {
      makeRoom();
      shell.currentChanged.connect(makeRoom);
      narrow.addEventListener("change", makeRoom);
    });
  },
};

(window._JUPYTERLAB ??= {})["narrow-screen"] = {
  init() {},
  get: async () => () => ({ default: plugin, __esModule: true }),
};
