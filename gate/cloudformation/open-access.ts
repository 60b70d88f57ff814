import { isTrue, type Mapping, mapping } from '../model/values.ts';
import type { CloudFormationRule } from './check.ts';
import { template } from './examples.ts';
import { alternatives, resolveText } from './intrinsics.ts';

/** A property that decides whether callers have to authenticate. */
interface Switch {
  /** The path of the property. */
  path: readonly string[];
  isOff(value: unknown): boolean;
  /** What is open, as a clause that follows the name of the resource. */
  problem: string;
}

const isNone = (value: unknown) => alternatives(value).some((each) => resolveText(each) === 'NONE');

const functionUrl = (...path: string[]): Switch => ({
  path,
  isOff: isNone,
  problem: 'can be called by everyone (AuthType NONE)',
});

/** Resource types that grant access with such a property, not with a policy. */
const SWITCHES: Record<string, Switch> = {
  'AWS::Lambda::Url': functionUrl('AuthType'),
  'AWS::Serverless::Function': functionUrl('FunctionUrlConfig', 'AuthType'),
  'AWS::Cognito::IdentityPool': {
    path: ['AllowUnauthenticatedIdentities'],
    isOff: (value) => alternatives(value).some((each) => isTrue(each) || /^true$/i.test(resolveText(each))),
    problem: 'gives credentials of a role to everyone (AllowUnauthenticatedIdentities)',
  },
};

function at(properties: Mapping, [key = '', ...rest]: readonly string[]): { in: Mapping; key: string } {
  return rest.length === 0 ? { in: properties, key } : at(mapping(properties[key]), rest);
}

/** The rule about resources that do not authenticate their callers. */
export const unauthenticatedAccess: CloudFormationRule = {
  id: 'cloudformation/unauthenticated-access',
  severity: 'warning',
  title: 'a function URL or an identity pool that authenticates nobody',
  why: 'Everyone on the internet can call the function, or gets credentials of the role for guests, unless the program authenticates its callers itself.',
  instead:
    'Set `AuthType: AWS_IAM` or `AllowUnauthenticatedIdentities: false`. If it is meant to be public, suppress the finding with the reason.',
  failing: template('AWS::Lambda::Url', ['AuthType: NONE', 'TargetFunctionArn: !GetAtt Orders.Arn']),
  passing: template('AWS::Lambda::Url', ['AuthType: AWS_IAM', 'TargetFunctionArn: !GetAtt Orders.Arn']),
  check: ({ type, title, properties }) => {
    const found = Object.hasOwn(SWITCHES, type) ? SWITCHES[type] : undefined;
    if (found === undefined) return [];
    const place = at(properties, found.path);
    return found.isOff(place.in[place.key]) ? [{ ...place, message: `${title} ${found.problem}` }] : [];
  },
};
