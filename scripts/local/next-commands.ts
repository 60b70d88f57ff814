import { bold, dim } from './terminal.ts';

/** @returns three commands that work in a shell in the project's folder while TVM is running */
export const nextCommands = () => `
${bold('Three commands to try next')}

${dim('# get a token, with the command line client')}
. .local/env && npx tvm token \\
  --action read --location orders-db/orders --audience orders-db --duration 5m

${dim('# get the same token with curl')}
. .local/env && ${curl} \\
  -d grant_type=client_credentials -d audience=orders-db \\
  --data-urlencode 'authorization_details=[{"type":"resource",
    "locations":["orders-db/orders"],"actions":["read"]}]' "$TVM_ENDPOINT/token"

${dim('# as the security team: revoke every token of orders-service')}
. .local/operator.env && ${curl} \\
  -d subject=arn:aws:iam::000000000000:user/orders-service "$TVM_ENDPOINT/revocations"`;

const curl = `curl --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" \\
  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`;
