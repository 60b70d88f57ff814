/**
 * Returns the environment of a command that the agent runs: PATH, HOME, LANG and configured variables. The agent's
 * other variables may contain secrets that are not for the command.
 *
 * @param names the variables of the agent's environment to pass on
 */
export function commandEnvironment(env: NodeJS.ProcessEnv, names: readonly string[] = []): NodeJS.ProcessEnv {
  const passed = ['HOME', 'LANG', ...names].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { PATH: env.PATH ?? '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(passed) };
}
