/** The formats of `tokenrelay get`. */
export const getFormats = ['raw', 'json', 'env', 'credential-process'] as const;
export type GetFormat = (typeof getFormats)[number];
