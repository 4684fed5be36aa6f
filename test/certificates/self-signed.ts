/**
 * A key and a certificate for localhost and 127.0.0.1 that nobody has signed but itself: no client believes it unless
 * it is told to. Valid to 2126.
 */
export const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtB4xqwC4Hxz+H9vp
iWK9fp+zl7tY+ve/qiLP+0/HEn2hRANCAARkterQtknEsH8CqtX9w0Nq+YkRF7sv
Kf1kBIbziFxD9loprOM8HWf+GtT/cZwn3u1aWiqTF5DQXHiiW3SNJ1Jy
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUYOlKaRSJ77w3e7brOpLDqCuWt2AwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA2NDQ0NloYDzIxMjYxMDMx
MDY0NDQ2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARkterQtknEsH8CqtX9w0Nq+YkRF7svKf1kBIbziFxD9loprOM8HWf+
GtT/cZwn3u1aWiqTF5DQXHiiW3SNJ1Jyo28wbTAdBgNVHQ4EFgQU8khryfB1ME0w
qwp8/DkhB0rkFQAwHwYDVR0jBBgwFoAU8khryfB1ME0wqwp8/DkhB0rkFQAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhALqAVp52cqUQ6ryvN6seZBMz6NNO1HfL6h7M5vTtSnZyAiEA
sILP7Dka4CUp//S70GCytsvGwFqmhmqdHCpf3k95nkM=
-----END CERTIFICATE-----
`,
};
