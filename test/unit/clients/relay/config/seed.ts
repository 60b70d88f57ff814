/** The first published example of a configuration. */
export const seed = `# /etc/tokenrelay/config.yaml
tokens:
  - name: "my_app_oauth_token"
    type: "oauth2_client_credentials"
    source:
      endpoint: "https://auth.example.com/oauth/token"
      client_id: "tokenrelay_vm_client"
      client_secret_path: "/etc/tokenrelay/secrets/oauth_client_secret" # Path to client secret
      scope: "api.read api.write"
    refresh_interval_minutes: 45
    output:
      file_path: "/var/run/tokenrelay/my_app_token.json"
      format: "json" # token and expiration_timestamp
      permissions: "0640" # rw-r-----

  - name: "vault_db_creds"
    type: "hashicorp_vault_kv"
    source:
      vault_addr: "https://vault.example.com:8200"
      vault_role: "my-vm-app-role" # Uses Vault's AppRole or similar auth method
      vault_path: "secret/data/my-app/database"
    refresh_interval_minutes: 30
    output:
      file_path: "/var/run/tokenrelay/db_creds.env"
      format: "env" # DB_USER=..., DB_PASS=...
      permissions: "0600"

# Global settings (optional)
log_level: "info"
`;
