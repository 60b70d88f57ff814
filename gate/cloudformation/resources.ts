import { isMapping, type Mapping, mapping } from '../model/values.ts';
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
const TYPE = /^\w+(?:::\w+){1,4}$/;

/** Reports whether a document is a template: it has resources or a template format version. */
export function isTemplate(value: unknown): value is Mapping {
  if (!isMapping(value)) return false;
  if (value.AWSTemplateFormatVersion !== undefined) return true;
  return Object.values(mapping(value.Resources)).some((resource) => typeOf(resource) !== undefined);
}

/** Returns the resources of a template with their logical ids. */
export function resourcesOf(template: Mapping): { id: string; resource: CloudFormationResource }[] {
  noteScope(template);
  return Object.entries(mapping(template.Resources)).flatMap(([id, value]) => {
    const type = typeOf(value);
    if (type === undefined) return [];
    const { Properties } = mapping(value);
    const properties = isMapping(Properties) ? Properties : mapping(value);
    return [{ id, resource: { type, properties, title: `${id} (${type})` } }];
  });
}

function typeOf(resource: unknown): string | undefined {
  const type = mapping(resource).Type;
  return typeof type === 'string' && TYPE.test(type) ? type : undefined;
}
