import { findPython, installVenv, type PythonVenv, venvMatches } from '#scripts/install/python-venv.mjs';
import { Failure } from '#scripts/tools/failure.mjs';

/** Installs Python programs, unless they are installed. @returns why the installation failed, or undefined */
export async function whyNotInstalled(venv: PythonVenv): Promise<string | undefined> {
  try {
    if (!venvMatches(venv)) await installVenv(venv, findPython());
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
