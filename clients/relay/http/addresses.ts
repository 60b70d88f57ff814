import { BlockList, isIP } from 'node:net';

/** Loopback: 127.0.0.0/8 and ::1. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * The addresses at which clouds give credentials to machines:
 * AWS https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html (EC2),
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html (ECS .170.2, EKS .170.23),
 * Azure https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service,
 * GCP https://cloud.google.com/compute/docs/metadata/querying-metadata.
 */
const metadata = new BlockList();
for (const address of ['169.254.169.254', '169.254.170.2', '169.254.170.23']) metadata.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254']) metadata.addAddress(address, 'ipv6');

/** Link-local addresses (RFC 3927; RFC 4291, section 2.5.6), also embedded in IPv6, and other metadata addresses. */
const neverPublic = new BlockList();
neverPublic.addSubnet('169.254.0.0', 16, 'ipv4');
neverPublic.addSubnet('fe80::', 10, 'ipv6');
// The range of all instance-local services of AWS.
neverPublic.addSubnet('fd00:ec2::', 32, 'ipv6');
neverPublic.addAddress('fd20:ce::254', 'ipv6');
// Azure's WireServer, which gives out a machine's settings. The address is outside the link-local range.
neverPublic.addAddress('168.63.129.16', 'ipv4');
// The metadata server of Alibaba Cloud.
neverPublic.addAddress('100.100.100.200', 'ipv4');
// The metadata server of older Oracle Cloud machines.
neverPublic.addAddress('192.0.0.192', 'ipv4');
// 169.254.0.0/16 in the forms of NAT64 (RFC 6052), 6to4 (RFC 3056) and IPv4-compatible addresses (RFC 4291, section 2.5.5.1).
neverPublic.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
neverPublic.addSubnet('2002:a9fe::', 32, 'ipv6');
neverPublic.addSubnet('::a9fe:0', 112, 'ipv6');

/** Reports whether a numeric address without brackets is a loopback address. */
export const isLoopbackAddress = (address: string) => isIn(loopback, address);

/** Reports whether an address belongs to a cloud's metadata server. */
export const isMetadataAddress = (address: string) => isIn(metadata, address);

/** Reports whether an address is link-local or belongs to a metadata server. No public server has such an address. */
export const isNeverPublic = (address: string) => isIn(neverPublic, address);

function isIn(list: BlockList, address: string): boolean {
  // A link-local address may end with its interface, as in fe80::1%eth0.
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  // A block list of IPv4 addresses also matches IPv4-mapped IPv6 addresses (::ffff:169.254.169.254).
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
