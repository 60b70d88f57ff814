import { crc32 } from 'node:zlib';

/**
 * Creates a zip archive in the format that Lambda accepts for a function's code.
 *
 * @param files their contents, by name
 */
export function zip(files: Readonly<Record<string, string>>): Buffer {
  const entries: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [file, text] of Object.entries(files)) {
    const [name, content] = [Buffer.from(file), Buffer.from(text)];
    // Version 2.0, UTF-8 names, stored without compression, dated 1 January 1980.
    const common = Buffer.alloc(26);
    [20, 0x800, 0, 0, 0x21].forEach((value, at) => {
      common.writeUInt16LE(value, at * 2);
    });
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    entries.push(Buffer.from('PK\x03\x04'), common, name, content);
    // No comment, disk number or attributes; the last field is the offset of the entry.
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, rest, name);
    offset += 4 + common.length + name.length + content.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...entries, ...directory, end]);
}
