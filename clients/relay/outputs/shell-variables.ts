const words = (...lines: string[]) => new Set(lines.flatMap((line) => line.split(' ')));

/**
 * Variables that a shell evaluates, sets or protects. Their assignment runs a command in the value, ends the shell, or is
 * lost. Lower-case names are special in zsh. Found in bash(1) "Shell Variables", dash(1), ksh(1), mksh(1) "Parameters",
 * zshparam(1), zshmodules(1) and zshzle(1), and by trying: `test/relay/shell-variables.test.ts`.
 */
const owned = words(
  // bash and POSIX
  'BASHOPTS BASHPID COPROC DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME FUNCNEST GROUPS HISTCMD LINENO MAPFILE',
  'OPTERR OPTIND PIPESTATUS PPID RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _',
  // ksh and mksh
  'COLUMNS HISTSIZE JOBMAX KSHEGID KSHGID KSHUID LINES MAILCHECK PGRP SH_VERSION TMOUT USER_ID',
  // zsh
  'ARGC BAUD DIRSTACKSIZE EGID ERRNO GID HISTCHARS KEYBOARD_HACK KEYTIMEOUT LISTMAX LOGCHECK SAVEHIST TTYIDLE USERNAME WATCH',
  'argv cdpath fignore fpath histchars mailpath manpath module_path path pipestatus prompt psvar signals status watch',
  'zsh_eval_context zsh_scheduled_events match mbegin mend reply aliases builtins commands dirstack dis_aliases dis_builtins',
  'dis_functions dis_functions_source dis_galiases dis_patchars dis_reswords dis_saliases epochtime errnos funcfiletrace',
  'funcsourcetrace funcstack functions functions_source functrace galiases history historywords jobdirs jobstates jobtexts',
  'keymaps langinfo mapfile modules nameddirs options parameters patchars reswords saliases sysparams termcap terminfo',
  'userdirs usergroups widgets',
);
const ownedPrefixes = ['BASH_', 'COMP_', 'KSH_', 'READLINE_', 'TRY_BLOCK_', 'ZLE_', 'ZSH_'];

/** Variables with a meaning for shells, whose assignment is harmless in itself. From the same manuals. */
const used = words(
  'CDPATH CHILD_MAX EMACS ENV EXECIGNORE FCEDIT FIGNORE GLOBIGNORE GLOBSORT HISTCONTROL HISTFILE HISTFILESIZE HISTIGNORE',
  'HISTTIMEFORMAT HOME HOSTFILE HOSTNAME HOSTTYPE IFS IGNOREEOF INPUTRC INSIDE_EMACS LANG LANGUAGE MACHTYPE MAIL MAILPATH',
  'OLDPWD OPTARG OSTYPE PATH POSIXLY_CORRECT PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS1 PS2 PS3 PS4 PWD REPLY SHELL TERM',
  'TIMEFORMAT TMPDIR auto_resume',
  'EDITOR EXECSHELL FPATH PATHSEP VISUAL VPATH',
  'CORRECT_IGNORE CORRECT_IGNORE_FILE CPUTYPE HISTORY_IGNORE HOST LOGNAME MANPATH MATCH MBEGIN MEND MODULE_PATH NULLCMD',
  'PERIOD POSTEDIT PROMPT PROMPT2 PROMPT3 PROMPT4 PROMPT_EOL_MARK PSVAR READNULLCMD REPORTMEMORY REPORTTIME RPROMPT',
  'RPROMPT2 RPS1 RPS2 SIGNALS SPROMPT STTY TERMINFO TERMINFO_DIRS TIMEFMT TTY VENDOR WATCHFMT WORDCHARS ZDOTDIR',
);

/** Reports whether a shell evaluates, sets or protects a variable, so that no file may assign it. */
export function isOwnedByShell(variable: string): boolean {
  return owned.has(variable) || ownedPrefixes.some((prefix) => variable.startsWith(prefix));
}

/** Reports whether a variable has a meaning for shells, so that only the configuration may choose it. */
export function isUsedByShell(variable: string): boolean {
  return used.has(variable) || variable.startsWith('LC_');
}
