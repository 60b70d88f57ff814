import type { CloudFormationRule } from './check.ts';
import { template } from './examples.ts';

const accessKey: CloudFormationRule = {
  id: 'cloudformation/access-key',
  severity: 'error',
  title: 'an access key that never ends',
  why: 'A key of an IAM user is good wherever it leaks to, until somebody notices.',
  instead: 'Let the workload take on a role: its own on AWS, by OIDC or IAM Roles Anywhere elsewhere.',
  failing: template('AWS::IAM::AccessKey', ['UserName: !Ref Deployer']),
  passing: template('AWS::IAM::User', ['UserName: deployer']),
  check: ({ type, title, properties }) =>
    type === 'AWS::IAM::AccessKey' ? [{ in: properties, message: `${title} is an access key without an end` }] : [],
};

const consolePassword: CloudFormationRule = {
  id: 'cloudformation/console-password',
  severity: 'error',
  title: 'an IAM user with a password',
  why: 'The template, and everyone who may read the stack, holds a password that works until somebody changes it.',
  instead: 'Let people in by IAM Identity Center.',
  failing: template('AWS::IAM::User', ["LoginProfile: { Password: '{{resolve:ssm-secure:first-password:1}}' }"]),
  passing: template('AWS::IAM::User', ['UserName: deployer']),
  check: ({ type, title, properties }) =>
    type === 'AWS::IAM::User' && properties.LoginProfile !== undefined
      ? [{ in: properties, key: 'LoginProfile', message: `${title} has a password for the console` }]
      : [],
};

/** Which credentials there may be. */
export const userRules = [accessKey, consolePassword];
