import { BlockList, isIP } from 'node:net';

/** Loopback: 127.0.0.0/8 and ::1. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Where clouds answer machines with their credentials:
 * AWS https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html (EC2),
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html (ECS .170.2, EKS .170.23),
 * Azure https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service,
 * GCP https://cloud.google.com/compute/docs/metadata/querying-metadata.
 */
const metadata = new BlockList();
for (const address of ['169.254.169.254', '169.254.170.2', '169.254.170.23']) metadata.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254']) metadata.addAddress(address, 'ipv6');

/** Link-local (RFC 3927, RFC 4291 2.5.6), also where IPv6 wraps an IPv4 address, and what else answers for metadata. */
const neverPublic = new BlockList();
neverPublic.addSubnet('169.254.0.0', 16, 'ipv4');
neverPublic.addSubnet('fe80::', 10, 'ipv6');
// AWS keeps all its instance-local services in here.
neverPublic.addSubnet('fd00:ec2::', 32, 'ipv6');
neverPublic.addAddress('fd20:ce::254', 'ipv6');
// Not link-local by its number, but it is: Azure's WireServer hands out a machine's settings.
neverPublic.addAddress('168.63.129.16', 'ipv4');
// The same for Alibaba Cloud, whose metadata server this is.
neverPublic.addAddress('100.100.100.200', 'ipv4');
// The same for Oracle Cloud's older machines.
neverPublic.addAddress('192.0.0.192', 'ipv4');
// 169.254.0.0/16 as NAT64 (RFC 6052), 6to4 (RFC 3056) and the old IPv4-compatible form (RFC 4291 2.5.5.1) spell it.
neverPublic.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
neverPublic.addSubnet('2002:a9fe::', 32, 'ipv6');
neverPublic.addSubnet('::a9fe:0', 112, 'ipv6');

/** Whether this address, as digits and without brackets, is of loopback. */
export const isLoopbackAddress = (address: string) => isIn(loopback, address);

/** Whether a cloud's metadata server has this address. */
export const isMetadataAddress = (address: string) => isIn(metadata, address);

/** Whether this address is link-local or of a metadata server: nothing on the public net is there. */
export const isNeverPublic = (address: string) => isIn(neverPublic, address);

function isIn(list: BlockList, address: string): boolean {
  // An address of a link may have its interface behind it, as in fe80::1%eth0.
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  // A list of IPv4 addresses also knows them where IPv6 maps them (::ffff:169.254.169.254).
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
