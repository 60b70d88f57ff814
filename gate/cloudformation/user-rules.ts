import type { CloudFormationRule } from './check.ts';
import { template } from './examples.ts';

const accessKey: CloudFormationRule = {
  id: 'cloudformation/access-key',
  severity: 'error',
  title: 'an access key that never expires',
  why: 'A leaked access key of an IAM user works from anywhere until somebody deactivates it.',
  instead: 'Let the workload assume a role: its own role on AWS; OIDC or IAM Roles Anywhere elsewhere.',
  failing: template('AWS::IAM::AccessKey', ['UserName: !Ref Deployer']),
  passing: template('AWS::IAM::User', ['UserName: deployer']),
  check: ({ type, title, properties }) =>
    type === 'AWS::IAM::AccessKey' ? [{ in: properties, message: `${title} is an access key that never expires` }] : [],
};

const consolePassword: CloudFormationRule = {
  id: 'cloudformation/console-password',
  severity: 'error',
  title: 'an IAM user with a password',
  why: 'Everyone who can read the template or the stack knows a password that works until somebody changes it.',
  instead: 'Let people sign in with IAM Identity Center.',
  failing: template('AWS::IAM::User', ["LoginProfile: { Password: '{{resolve:ssm-secure:first-password:1}}' }"]),
  passing: template('AWS::IAM::User', ['UserName: deployer']),
  check: ({ type, title, properties }) =>
    type === 'AWS::IAM::User' && properties.LoginProfile !== undefined
      ? [{ in: properties, key: 'LoginProfile', message: `${title} has a password for the console` }]
      : [],
};

/** The rules about credentials of IAM users. */
export const userRules = [accessKey, consolePassword];
