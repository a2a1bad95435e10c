// node compile.mjs PYODIDE OUT PACKAGE...: starts the Pyodide in that folder with these packages, and has compile_modules.py
// put bytecode into its archives. Bytecode is that of one Python, so that no other can do it.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [folder, out, ...packages] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: `${folder}/`, packages });
pyodide.mountNodeFS("/in", folder);
pyodide.mountNodeFS("/out", out);
await pyodide.runPythonAsync(await readFile(new URL("compile_modules.py", import.meta.url), "utf-8"));
