/**
 * The environment of a command that the agent runs: where programs and a home are, the language, and what the
 * configuration names. The agent's own may hold secrets that are not for the command.
 *
 * @param names variables of the agent's environment to pass on
 */
export function commandEnvironment(env: NodeJS.ProcessEnv, names: readonly string[] = []): NodeJS.ProcessEnv {
  const passed = ['HOME', 'LANG', ...names].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { PATH: env.PATH ?? '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(passed) };
}
