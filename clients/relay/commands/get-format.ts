/** The formats in which `tokenrelay get` can print a token. */
export const getFormats = ['raw', 'json', 'env', 'credential-process'] as const;
export type GetFormat = (typeof getFormats)[number];
