/**
 * Response headers for templates: found by any spelling of their name, listed in lower case. Looks like a plain object, so that
 * templates may read it.
 */
export function headerScope(headers: Readonly<Record<string, string>>): Record<string, string> {
  const find = (name: string | symbol) =>
    typeof name === 'string' && Object.hasOwn(headers, name.toLowerCase()) ? headers[name.toLowerCase()] : undefined;
  return new Proxy<Record<string, string>>(
    { ...headers },
    {
      get: (target, name) => find(name) ?? Reflect.get(target, name),
      has: (_target, name) => find(name) !== undefined,
      getOwnPropertyDescriptor: (target, name) => {
        const value = find(name);
        return value === undefined
          ? Reflect.getOwnPropertyDescriptor(target, name)
          : { value, writable: true, enumerable: true, configurable: true };
      },
    },
  );
}
