import { textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { celMatches } from './fields.ts';
import type { KubernetesObject } from './objects.ts';
import { containersOf } from './pods.ts';

/** Returns the images of an object's containers, except placeholders. */
function imagesOf(object: KubernetesObject) {
  return containersOf(object).flatMap(({ title, value }) => {
    const image = textOf(value.image)?.trim();
    return image && !/[${}]/.test(image) ? [{ title, value, image }] : [];
  });
}

const imageWithoutDigest: KubernetesRule = {
  id: 'kubernetes/image-without-digest',
  severity: 'warning',
  title: 'an image without a digest',
  why: 'Everyone who can push to the registry can replace the image after it was checked.',
  instead: 'Name the image by its digest: `web:1.4@sha256:…`.',
  failing: examplePod(PLAIN, ['image: ghcr.io/acme/web:1.4']),
  passing: examplePod(PLAIN),
  check: (object) =>
    imagesOf(object)
      .filter(({ image }) => !/@sha256:[0-9a-f]{64}$/.test(image))
      .map(({ title, value, image }) => ({
        in: value,
        key: 'image',
        message: `${title} runs ${image}, ${looseness(image)}`,
      })),
  admission: {
    of: 'pods',
    cel: () => "variables.containers.all(c, !has(c.image) || c.image.matches('@sha256:[0-9a-f]{64}$'))",
  },
};

function looseness(image: string): string {
  const tag = /:([^/:@]+)(?:@|$)/.exec(image)?.[1];
  if (tag === undefined) return 'without a tag, which means latest, and without a digest';
  return tag === 'latest' ? 'whatever is latest, without a digest' : 'without a digest';
}

const imageOutsideRegistries: KubernetesRule = {
  id: 'kubernetes/image-outside-registries',
  severity: 'error',
  title: 'an image from a registry that is not allowed',
  why: 'Somebody else built and checked the image. The rule applies only if `--allow-registry` names registries.',
  instead: 'Use an image from an allowed registry, or copy the image there.',
  failing: examplePod(PLAIN, [`image: docker.io/library/redis@sha256:${'0'.repeat(64)}`]),
  passing: examplePod(PLAIN),
  check: (object, { allowedRegistries }) => {
    if (allowedRegistries === undefined) return [];
    const allowed = allowedRegistries.map(imagesFrom);
    return imagesOf(object)
      .filter(({ image }) => !allowed.some((pattern) => pattern.test(fullName(image))))
      .map(({ title, value, image }) => ({
        in: value,
        key: 'image',
        message: `${title} runs ${image}, which is not from ${allowedRegistries.join(' or ')}`,
      }));
  },
  admission: {
    of: 'pods',
    cel: (allowedRegistries) => {
      if (allowedRegistries.length === 0) return undefined;
      const allowed = allowedRegistries.map((registry) => celMatches(CEL_FULL_NAME, imagesFrom(registry)));
      return `variables.containers.all(c, !has(c.image) || ${allowed.join(' || ')})`;
    },
  },
};

/** The beginning of an image that names a host. Other images are those of Docker Hub. */
const HOST = /^(?:[^/]*[.:A-Z][^/]*|localhost)\//;

/**
 * Returns the full name of an image. Container runtimes read `redis` as `docker.io/library/redis`, and `acme/web` as
 * `docker.io/acme/web`.
 *
 * @see https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed
 */
function fullName(image: string): string {
  if (!image.includes('/')) return `docker.io/library/${image}`;
  return HOST.test(image) ? image : `docker.io/${image}`;
}

const CEL_FULL_NAME =
  `(!c.image.contains('/') ? 'docker.io/library/' + c.image : ` +
  `${celMatches('c.image', HOST)} ? c.image : 'docker.io/' + c.image)`;

/** Returns a pattern of the full names of the images from a registry, or from a part of one. */
function imagesFrom(registry: string): RegExp {
  // The slash after it ensures that `ghcr.io/acme` does not match `ghcr.io/acme-evil`.
  const given = `${registry.replace(/\/+$/, '')}/`;
  const prefix = (HOST.test(given) ? given : `docker.io/${given}`).replace(/^index\.(?=docker\.io\/)/, '');
  const pattern = prefix.replace(/[^\w/-]/g, '\\$&');
  if (!prefix.startsWith('docker.io/')) return new RegExp(`^${pattern}`);
  // Docker Hub has a second name, and its `library` may be omitted.
  const official = prefix === 'docker.io/library/' ? '|docker\\.io/[^/]+$' : '';
  return new RegExp(`^(?:index\\.)?(?:${pattern}${official})`);
}

/** The rules about images. */
export const imageRules = [imageWithoutDigest, imageOutsideRegistries];
