import type { Hit } from '../model/check.ts';
import { type Origin, originOf } from '../model/origins.ts';
import { isMapping, type Mapping, mapping } from '../model/values.ts';
import { expandLoops } from './loops.ts';
import { noteScope } from './scope.ts';

/** A resource of a template. */
export interface CloudFormationResource {
  type: string;
  /** The properties of the resource, or the resource itself if it has none. */
  properties: Mapping;
  /** The name in messages, as in `OrdersRole (AWS::IAM::Role)`. */
  title: string;
}

/** As in `AWS::S3::Bucket`, `Custom::Thing` or `Acme::Team::Thing::MODULE`. */
const TYPE = /^\w+(?:::[\w-]+){1,4}$/;

/** Reports whether a document is a template: it has resources or a template format version. */
export function isTemplate(value: unknown): value is Mapping {
  if (!isMapping(value)) return false;
  if (value.AWSTemplateFormatVersion !== undefined) return true;
  const resources = Object.entries(mapping(value.Resources));
  return resources.some(([key, resource]) => typeOf(resource) !== undefined || key.startsWith('Fn::ForEach::'));
}

/** The resources of a template, and what cannot be judged in it. */
export interface TemplateResources {
  /** Each resource and where it is written. */
  resources: { at: Origin; resource: CloudFormationResource }[];
  notJudged: Hit[];
}

/** Returns the resources of a template, with its loops expanded. */
export function resourcesOf(template: Mapping): TemplateResources {
  noteScope(template);
  const written = mapping(template.Resources);
  const { expanded, notJudged } = expandLoops(written);
  noteScope({ ...template, Resources: expanded });
  const resources = Object.entries(expanded).flatMap(([id, value]) => {
    const type = typeOf(value);
    if (type === undefined || !isMapping(value)) return [];
    const { Properties } = value;
    const properties = isMapping(Properties) ? Properties : value;
    const at = Object.hasOwn(written, id) ? { in: written, key: id } : originOf({ in: value });
    return [{ at, resource: { type, properties, title: `${id} (${type})` } }];
  });
  return { resources, notJudged: [...notJudged, ...macrosOf(template, expanded)] };
}

/** Transforms of AWS, which add nothing that grants permissions besides what the properties say. */
const KNOWN_TRANSFORM =
  /^AWS::(?:Serverless-2016-10-31|LanguageExtensions|CodeDeployBlueGreen|CodeStar|SecretsManager-\d{4}-\d{2}-\d{2}|ServiceCatalog)$/;

/** Finds the macros that may write any part of a template at deployment. */
function macrosOf(template: Mapping, resources: Mapping): Hit[] {
  const names = [template.Transform].flat().map((each) => (isMapping(each) ? each.Name : each));
  const macro = names.find((name) => name !== undefined && !(typeof name === 'string' && KNOWN_TRANSFORM.test(name)));
  const hit = (at: object, key: string): Hit => ({
    in: at,
    key,
    message: 'a part is not judged, because a macro writes it at deployment',
  });
  const places = [resources, ...Object.values(resources).flatMap((each) => [each, mapping(each).Properties])];
  return [
    ...(macro === undefined ? [] : [hit(template, 'Transform')]),
    ...places
      .filter(isMapping)
      .flatMap((place) => (place['Fn::Transform'] === undefined ? [] : [hit(place, 'Fn::Transform')])),
  ];
}

function typeOf(resource: unknown): string | undefined {
  const type = mapping(resource).Type;
  return typeof type === 'string' && TYPE.test(type) ? type : undefined;
}

/** Reports whether a document is an IAM policy. */
export function isPolicy(value: unknown): value is Mapping {
  return (
    isMapping(value) && [value.Statement].flatMap((each) => (Array.isArray(each) ? each : [each])).some(isStatement)
  );
}

/** Reports whether a value has the shape of a statement of an IAM policy. */
export function isStatement(value: unknown): value is Mapping {
  if (!isMapping(value)) return false;
  const { Effect } = value;
  if (Effect !== 'Allow' && Effect !== 'Deny' && !isMapping(Effect)) return false;
  return ['Action', 'NotAction', 'Principal', 'NotPrincipal', 'Resource', 'NotResource'].some(
    (key) => value[key] !== undefined,
  );
}
