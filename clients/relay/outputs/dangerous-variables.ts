/**
 * Variables that can make programs run code or redirect their traffic. The author of a secret chooses the names of its
 * values, so these variables are refused unless the configuration maps them explicitly.
 */
const names = new Set(
  [
    // Read by the loader, libc and shells.
    'PATH HOME SHELL ENV IFS PS1 PS4 PROMPT_COMMAND SHELLOPTS BASHOPTS CDPATH FPATH ZDOTDIR UID EUID PPID TMPDIR TMP TEMP',
    'GCONV_PATH LOCPATH NLSPATH HOSTALIASES RESOLV_HOST_CONF RES_OPTIONS LOCALDOMAIN GETCONF_DIR TZDIR TERMINFO',
    // A shell that is started with other values than numbers in them exits.
    'COLUMNS HISTSIZE LINENO LINES OPTIND SECONDS TMOUT',
    // Set by systemd for a service (systemd.exec(5), sd_notify(3)), and read by the command docker.
    'CREDENTIALS_DIRECTORY INVOCATION_ID JOURNAL_STREAM MAINPID MANAGERPID NOTIFY_SOCKET PIDFILE RUNTIME_DIRECTORY',
    'STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY CONFIGURATION_DIRECTORY DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH',
    // Programs that other programs start.
    'EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE MANPAGER MAKEFLAGS VIMINIT EXINIT SSH_ASKPASS SUDO_ASKPASS RSYNC_RSH CVS_RSH',
    // Loaded or run by interpreters at start.
    'RUBYOPT RUBYLIB PERLLIB CLASSPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS JAVA_HOME LUA_INIT LUA_PATH',
    'LUA_CPATH PHPRC PHP_INI_SCAN_DIR R_PROFILE R_PROFILE_USER GOFLAGS ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS BUN_OPTIONS JAVA_OPTS',
    'MAVEN_OPTS GRADLE_OPTS CATALINA_OPTS SBT_OPTS GEM_HOME GEM_PATH BUNDLE_GEMFILE XDG_CONFIG_HOME XDG_DATA_HOME',
    // Servers to use and certificates to trust.
    'HTTP_PROXY HTTPS_PROXY ALL_PROXY FTP_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE CURL_HOME AWS_CA_BUNDLE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE DOCKER_HOST KUBECONFIG',
    'GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_EXEC_PATH GIT_EXTERNAL_DIFF',
    'GIT_PROXY_COMMAND GIT_TEMPLATE_DIR GIT_DIR GIT_WORK_TREE',
  ].flatMap((line) => line.split(' ')),
);

const prefixes = [
  ...['LD_', 'DYLD_', 'GLIBC_', 'MALLOC_', 'BASH_', 'SYSTEMD_', 'OPENSSL_', 'LISTEN_', 'WATCHDOG_'],
  ...['NODE_', 'NPM_CONFIG_', 'PYTHON', 'PERL5', 'DOTNET_', 'CORECLR_', 'COR_', 'COMPLUS_'],
  ...['AWS_ENDPOINT_URL', 'GIT_CONFIG'],
];

/** Reports whether a variable must not get its name from a source. @param variable in capitals */
export function isDangerousVariable(variable: string): boolean {
  return names.has(variable) || prefixes.some((prefix) => variable.startsWith(prefix));
}
