/** Where the package installs the JSON Schema of the configuration. */
const SCHEMA = '/usr/share/tokenrelay/configuration.schema.json';

/** A first configuration. It is valid once the marked addresses and files are filled in. */
export const firstConfiguration = `# yaml-language-server: $schema=${SCHEMA}
#
# The configuration of TokenRelay: the tokens, their sources and their outputs.
#
#   1. Fill in the values marked with <--.
#   2. tokenrelay check            reports what is missing on this machine;
#      tokenrelay check --fetch    also tries each source once, without showing a token.
#   3. systemctl restart tokenrelay, and after later changes: systemctl reload tokenrelay
#
# YAML 1.2. Write permissions in quotes: "0640". All keys: /usr/share/doc/tokenrelay/reference/tokenrelay.md.

tokens:
  # An access token from an OAuth issuer.
  - name: my_app_oauth_token
    type: oauth2_client_credentials
    source:
      endpoint: https://auth.example.com/oauth/token # <-- the issuer's token endpoint
      client_id: tokenrelay_vm_client # <-- the client id of this machine at the issuer
      # Store secrets in files, never here. Create this file, then write the secret into it:
      #   install -m 0640 -g tokenrelay /dev/null /etc/tokenrelay/secrets/oauth_client_secret
      # Other ways to give it are client_secret: { env: NAME } and client_secret: { credential: NAME }.
      client_secret_path: /etc/tokenrelay/secrets/oauth_client_secret # <-- create this file
      scope: api.read api.write # <-- the scopes to request
    # The token is renewed after two thirds of its lifetime, or after this time if that is sooner.
    # refresh_interval_minutes: 45
    output:
      # systemd creates this folder at each start of the service. Only the agent can write in it.
      file_path: /run/tokenrelay/my_app_token.json
      format: json # or env, raw, aws-credentials, template
      permissions: "0600"
      # To let a group read the file, add it to SupplementaryGroups= of the service and set permissions "0640".
      # group: my-app
    # Notify a program that does not read the file each time it needs the token.
    # after_renewal: { action: reload, unit: my-app.service }

  # A secret from HashiCorp Vault. The login uses AppRole, with the ids in secrets/my-vm-app-role.role_id and
  # secrets/my-vm-app-role.secret_id next to this file.
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

# Local endpoints from which programs get tokens instead of reading a file.
# endpoints:
#   - protocol: tokens
#     listen: { unix: /run/tokenrelay/tokens.sock, permissions: "0660", group: my-app }

# Alerts when a token cannot be renewed.
# alerts:
#   - webhook: https://alerts.example.com/hook
#     after_failures: 3

# debug, info, warn or error.
log_level: info
`;
