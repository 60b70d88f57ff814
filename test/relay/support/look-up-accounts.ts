/** Looks accounts up, and prints their ids as JSON. Arguments: the names, users before `--` and groups after it. */
import { groupId, userId } from 'tokenrelay/files/accounts.ts';

const names = process.argv.slice(2);
const end = names.indexOf('--');
const users = await Promise.all(names.slice(0, end).map(userId));
const groups = await Promise.all(names.slice(end + 1).map(groupId));
console.log(JSON.stringify({ users, groups }));
