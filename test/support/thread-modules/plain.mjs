// A handler of an ECMAScript module that no compiler has seen. It awaits while it is loaded.
const suffix = await Promise.resolve("by a module");

export default (message) => `${message} ${suffix}`;
