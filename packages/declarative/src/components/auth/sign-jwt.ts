import { ConnectorError } from '@tidemark/source';

/** A token to be signed; header and payload are JSON. */
export interface UnsignedJwt {
  header: string;
  payload: string;
  algorithm: string;
  /** A text for HS algorithms, else a PEM private key. */
  key: string;
  passphrase?: string;
}

/** A JSON Web Token in its compact form. Throws ConnectorError (config) when the key cannot sign with the algorithm. */
export async function signJwt(unsigned: UnsignedJwt): Promise<string> {
  const text = `${base64(unsigned.header)}.${base64(unsigned.payload)}`;
  try {
    return `${text}.${await signature(text, unsigned)}`;
  } catch (error) {
    // What the crypto library says can hold pieces of the key: only its code is passed on.
    const code = (error as { code?: string }).code ?? 'no reason given';
    throw new ConnectorError('config', `The key cannot sign a token with ${unsigned.algorithm} (${code}).`);
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

async function signature(text: string, { algorithm, key, passphrase }: UnsignedJwt): Promise<string> {
  const { constants, createHmac, createPrivateKey, sign } = await import('node:crypto');
  const family = algorithm.slice(0, 2);
  const digest = `sha${algorithm.slice(2, 5)}`;
  if (family === 'HS') return createHmac(digest, key).update(text).digest('base64url');
  const privateKey = createPrivateKey({ key: pem(key), passphrase });
  const data = Buffer.from(text, 'ascii');
  const kind = privateKey.asymmetricKeyType;
  if (algorithm === 'EdDSA') {
    mustBe(kind === 'ed25519' || kind === 'ed448');
    return sign(null, data, privateKey).toString('base64url');
  }
  if (family === 'ES') {
    mustBe(kind === 'ec');
    return sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  }
  mustBe(kind === 'rsa' || kind === 'rsa-pss');
  const padding =
    family === 'PS' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return sign(digest, data, { key: privateKey, ...padding }).toString('base64url');
}

function mustBe(isRight: boolean): void {
  if (!isRight) throw Object.assign(new Error('wrong kind of key'), { code: 'a key of another kind' });
}

/** Keys that were pasted into one line have `\n` written out. */
function pem(key: string): string {
  return key.includes('-----BEGIN') && !key.includes('\n') ? key.replaceAll('\\r', '').replaceAll('\\n', '\n') : key;
}
