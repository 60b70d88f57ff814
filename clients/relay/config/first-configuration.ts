/** Where the package has the JSON Schema of the configuration. */
const SCHEMA = '/usr/share/tokenrelay/configuration.schema.json';

/** A first configuration: right as it is, but for the addresses and files that it asks to fill in. */
export const firstConfiguration = `# yaml-language-server: $schema=${SCHEMA}
#
# The configuration of TokenRelay: which tokens, from where, and where to put them.
#
#   1. Fill in what is marked <-- here.
#   2. tokenrelay check            says what is missing on this machine,
#      tokenrelay check --fetch    also tries each source once, and shows no token.
#   3. systemctl restart tokenrelay, and after later changes: systemctl reload tokenrelay
#
# YAML 1.2. Write permissions in quotes: "0640". Every key: /usr/share/doc/tokenrelay/reference/tokenrelay.md.

tokens:
  # An access token of an OAuth issuer.
  - name: my_app_oauth_token
    type: oauth2_client_credentials
    source:
      endpoint: https://auth.example.com/oauth/token # <-- the issuer's token endpoint
      client_id: tokenrelay_vm_client # <-- the name by which the issuer knows this machine
      # Secrets stand in files, never here. This one:
      #   install -m 0640 -g tokenrelay /dev/null /etc/tokenrelay/secrets/oauth_client_secret
      # and then write the secret into it. Or: client_secret: { env: NAME } or { credential: NAME }.
      client_secret_path: /etc/tokenrelay/secrets/oauth_client_secret # <-- make this file
      scope: api.read api.write # <-- what it is for
    # It is fetched anew after two thirds of its lifetime, or after this time if that is sooner.
    # refresh_interval_minutes: 45
    output:
      # The folder is made at each start of the service, and the agent alone writes in it.
      file_path: /run/tokenrelay/my_app_token.json
      format: json # or env, raw, aws-credentials, template
      permissions: "0600"
      # Who else may read it: a group that the service has as SupplementaryGroups=, and permissions "0640".
      # group: my-app
    # What is told of a new token, if it does not read the file each time.
    # after_renewal: { action: reload, unit: my-app.service }

  # A secret of HashiCorp Vault. It logs in by AppRole: its ids stand in secrets/my-vm-app-role.role_id and
  # secrets/my-vm-app-role.secret_id beside this file.
  # - name: vault_db_creds
  #   type: hashicorp_vault_kv
  #   source:
  #     vault_addr: https://vault.example.com:8200
  #     vault_role: my-vm-app-role
  #     vault_path: secret/data/my-app/database
  #   refresh_interval_minutes: 30
  #   output:
  #     file_path: /run/tokenrelay/db_creds.env
  #     format: env
  #     permissions: "0600"

# Where programs of this machine ask for tokens instead of reading a file.
# endpoints:
#   - protocol: tokens
#     listen: { unix: /run/tokenrelay/tokens.sock, permissions: "0660", group: my-app }

# Who is told when a token cannot be renewed.
# alerts:
#   - webhook: https://alerts.example.com/hook
#     after_failures: 3

# debug, info, warn or error.
log_level: info
`;
