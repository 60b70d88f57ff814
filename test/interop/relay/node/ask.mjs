// @ts-nocheck: its packages are installed in another folder.
/** Gets a credential like a program with a cloud's SDK for Node.js, and prints only digests. */
import { createHash } from 'node:crypto';

const [client, target] = process.argv.slice(2);

const clients = {
  async aws() {
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    const { accessKeyId, secretAccessKey, sessionToken } = await fromNodeProviderChain()();
    return [accessKeyId, secretAccessKey, sessionToken];
  },
  async google() {
    const { GoogleAuth } = await import('google-auth-library');
    return [await new GoogleAuth({ scopes: target }).getAccessToken()];
  },
  async 'google-identity'() {
    const { GoogleAuth } = await import('google-auth-library');
    const found = await new GoogleAuth().getIdTokenClient(target);
    return [await found.idTokenProvider.fetchIdToken(target)];
  },
  async azure() {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    return [(await new ManagedIdentityCredential().getToken(target)).token];
  },
};
const secrets = await clients[client]();
console.log(JSON.stringify(secrets.map((secret) => createHash('sha256').update(secret).digest('hex'))));
