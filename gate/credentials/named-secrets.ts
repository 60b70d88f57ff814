import { alternatives, resolveText, UNKNOWN } from '../cloudformation/intrinsics.ts';
import { examplePod, IMAGE, PLAIN } from '../kubernetes/example-pod.ts';
import { containersOf } from '../kubernetes/pods.ts';
import type { Hit } from '../model/check.ts';
import { isMapping, type Mapping, mapping, mappings, textOf, texts } from '../model/values.ts';
import type { CredentialRule } from './check.ts';
import { isNoSecret } from './placeholders.ts';
import { hasUrlPassword, isSecretUnder, secretFlags, secretSettings } from './secret-names.ts';

/** CloudFormation properties that contain a secret. */
const SECRET_PROPERTY =
  /^(?:Password|MasterPassword|MasterUserPassword|UserPassword|AuthToken|AccessToken|OAuthToken|ClientSecret|SecretString)$/;

/** Finds plaintext secrets by the names of their settings. */
export const plainSecret: CredentialRule = {
  id: 'credentials/plain-secret',
  severity: 'error',
  title: 'a secret in plaintext',
  why: 'Everyone who can read the repository, its history, the manifest or the stack can read the secret.',
  instead:
    'Change the secret and refer to it: `valueFrom.secretKeyRef` in Kubernetes, `{{resolve:secretsmanager:…}}` in CloudFormation.',
  failing: examplePod(PLAIN, ['env:', '  - name: DB_PASSWORD', '    value: correct-horse-battery']),
  passing: examplePod(PLAIN, [
    `image: ${IMAGE}`,
    'env:',
    '  - name: DB_PASSWORD',
    '    valueFrom: { secretKeyRef: { name: db, key: password } }',
  ]),
  inKubernetes: (object) => {
    const ofContainers = containersOf(object).flatMap(({ title, value }) => [
      ...mappings(value.env)
        .filter((variable) => isSecret(variable.name, variable.value))
        .map((variable) => ({ in: variable, key: 'value', message: `${title} has ${variable.name} in plaintext` })),
      ...['command', 'args'].flatMap((key) =>
        secretFlags(texts(value[key])).map((flag) => ({
          in: value,
          key,
          message: `${title} has --${flag} in plaintext`,
        })),
      ),
      ...['command', 'args']
        .filter((key) => texts(value[key]).some(hasUrlPassword))
        .map((key) => ({ in: value, key, message: `${title} has a URL with a password in its ${key}` })),
    ]);
    const data = object.kind === 'ConfigMap' ? mapping(object.value.data) : {};
    const settings = Object.keys(data)
      .filter((key) => isSecret(key, data[key]))
      .map((key) => ({ in: data, key, message: `${object.title} has ${key} in plaintext` }));
    const ofFiles = Object.keys(data).flatMap((key) =>
      secretSettings(key, textOf(data[key]) ?? '').map((name) => ({
        in: data,
        key,
        message: `${object.title} has ${name} in plaintext in ${key}`,
      })),
    );
    const ofGenerators = ['configMapGenerator', 'secretGenerator'].flatMap((key) =>
      mappings(object.value[key]).flatMap((generator) =>
        texts(generator.literals).flatMap((literal) => {
          const [, name, value] = /^([^=]*)=(.*)$/s.exec(literal) ?? [];
          const message = `${object.title} has ${name} in plaintext in a ${key}`;
          return isSecret(name, value) ? [{ in: generator, key: 'literals', message }] : [];
        }),
      ),
    );
    return [...ofContainers, ...settings, ...ofFiles, ...ofGenerators];
  },
  inCloudFormation: ({ title, properties }) => [...writtenOut(properties, title)],
  inParameter: ({ id, value }) =>
    // The default of a Systems Manager parameter is only the name of the secret.
    textOf(value.Type)?.startsWith('AWS::SSM::') ||
    !isSecret(id.replace(/(?:Param|Parameter|Value)$/, ''), value.Default)
      ? []
      : [{ in: value, key: 'Default', message: `the parameter ${id} has a secret as its default` }],
};

function isSecret(name: unknown, value: unknown): boolean {
  if (typeof name !== 'string') return false;
  return alternatives(value, false)
    .map((each) => resolveText(each, false))
    .some((text) => hasUrlPassword(text) || (!text.includes(UNKNOWN) && isSecretUnder(name, text)));
}

/** Cognito has properties such as `AccessToken` that contain a unit. */
const TIME_UNIT = /^(?:seconds|minutes|hours|days)$/;

/** A member of JSON. */
const MEMBER = /"([\w.-]{1,100})"\s{0,9}:\s{0,9}"([^"]{1,1000})"/g;

/** Reports whether a property is a secret. The default of a parameter is one only if it is the whole value. */
function isWrittenOutIn(property: unknown): boolean {
  return alternatives(property, false).some((each) => {
    const text = resolveText(each, false);
    if (text === UNKNOWN) return alternatives(each).some((value) => isWrittenOut(resolveText(value, false)));
    const members = text.includes(UNKNOWN) ? [...text.matchAll(MEMBER)] : [];
    return isWrittenOut(text) || members.some(([, name, value]) => isSecret(name, value));
  });
}

function isWrittenOut(text: string): boolean {
  return !text.includes(UNKNOWN) && !isNoSecret(text) && !TIME_UNIT.test(text);
}

/** Searches all properties, because variables of functions, containers and builds are at different depths. */
function* writtenOut(value: unknown, title: string): Generator<Hit> {
  if (Array.isArray(value)) for (const element of value) yield* writtenOut(element, title);
  if (!isMapping(value)) return;
  if (isSecret(value.Name, value.Value) && isPlain(value)) {
    yield { in: value, key: 'Value', message: `${title} has ${value.Name} in plaintext` };
  }
  for (const [key, member] of Object.entries(value)) {
    if (SECRET_PROPERTY.test(key) && isWrittenOutIn(member)) {
      yield { in: value, key, message: `${title} has ${key} in plaintext` };
    }
    if (/^(?:Command|EntryPoint)$/.test(key)) {
      for (const flag of secretFlags(texts(member))) {
        yield { in: value, key, message: `${title} has --${flag} in plaintext` };
      }
    }
    if (key === 'Variables') yield* variables(mapping(member), title);
    yield* writtenOut(member, title);
  }
}

function* variables(values: Mapping, title: string): Generator<Hit> {
  for (const [name, value] of Object.entries(values)) {
    if (isSecret(name, value)) yield { in: values, key: name, message: `${title} has ${name} in plaintext` };
  }
}

// The value of a CodeBuild variable may be the name of a parameter or secret.
function isPlain({ Type }: Mapping): boolean {
  const type = textOf(Type);
  return type !== 'PARAMETER_STORE' && type !== 'SECRETS_MANAGER';
}
