// Real reverse proxies in front of the server: nginx, haproxy and Caddy, each as a process of
// its own with a folder of its own. They speak TLS and HTTP/2 to the outside.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { Person } from './person.mjs';
import { freePort, root, spawnBeside, temporaryFolder } from './server.mjs';
import { until } from './wait.mjs';

/** The name that the proxies have outside. */
export const host = 'chat.test';

/** @typedef {{binary: string, libraries: string}} Program */

/** @type {Record<string, Program> | undefined} */
let found;

/**
 * The proxies' programs by name, fetched if need be.
 *
 * @returns {Record<string, Program>}
 */
function programs() {
  found ??= Object.fromEntries(execFileSync('sh', [path.join(root, 'scripts', 'test-proxies.sh')], { stdio: ['ignore', 'pipe', 'inherit'] })
    .toString().trim().split('\n').map((line) => line.split(' '))
    .map(([name, binary, libraries]) => [name, { binary, libraries }]));
  return found;
}

/** @typedef {{cert: string, key: string, pem: string}} CertificateFiles */

/** @type {CertificateFiles | undefined} */
let certificate;

/**
 * A certificate of the test's own. Go's distribution has the program that makes one.
 *
 * @returns {CertificateFiles}
 */
function selfSigned() {
  if (certificate) return certificate;
  const folder = temporaryFolder();
  const go = execFileSync('go', ['env', 'GOROOT']).toString().trim();
  execFileSync('go', ['run', path.join(go, 'src', 'crypto', 'tls', 'generate_cert.go'), '--host', host, '--duration', '24h', '--ecdsa-curve', 'P256'], { cwd: folder, stdio: 'ignore' });
  const [cert, key, pem] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => path.join(folder, name));
  writeFileSync(pem, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  certificate = { cert, key, pem };
  return certificate;
}

/** @typedef {{port: number, to: number, folder: string} & CertificateFiles} Task a proxy on `port` before `to` */
/** @typedef {{files: Record<string, string>, args: string[]}} Setup */

/** @type {Record<string, (task: Task) => Setup>} how each proxy is set up for a task, by name */
const proxies = {
  nginx: ({ port, to, folder, cert, key }) => ({
    files: {
      'nginx.conf': `
        daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
        events {}
        http {
          access_log off;
          client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
          map $http_upgrade $connection_upgrade { default upgrade; '' close; }
          server {
            listen 127.0.0.1:${port} ssl http2;
            server_name ${host};
            ssl_certificate ${cert}; ssl_certificate_key ${key};
            location / {
              proxy_pass http://127.0.0.1:${to};
              proxy_http_version 1.1;
              proxy_set_header Host $host;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
              proxy_set_header X-Forwarded-Proto $scheme;
              proxy_set_header X-Forwarded-Port $server_port;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection $connection_upgrade;
            }
          }
        }`,
    },
    args: ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr'],
  }),
  haproxy: ({ port, to, folder, pem }) => haproxyWith(port, to, folder, pem, `
          option forwardfor
          http-request set-header X-Forwarded-Proto https`),
  // An older haproxy has to be told in this way what a newer one writes by "option forwarded".
  'haproxy by RFC 7239': ({ port, to, folder, pem }) => haproxyWith(port, to, folder, pem, `
          http-request set-header Host internal
          http-request set-header Forwarded "proto=https;host=\\"${host}:${port}\\";for=%[src]"`),
  caddy: ({ port, to, folder, cert, key }) => ({
    files: {
      Caddyfile: `
{
  admin off
  auto_https off
  servers {
    protocols h1 h2
  }
}
https://${host}:${port} {
  bind 127.0.0.1
  tls ${cert} ${key}
  reverse_proxy 127.0.0.1:${to}
}`,
    },
    args: ['run', '--config', path.join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
  }),
};

/**
 * @param {number} port
 * @param {number} to
 * @param {string} folder
 * @param {string} pem
 * @param {string} lines
 * @returns {Setup}
 */
function haproxyWith(port, to, folder, pem, lines) {
  return {
    files: {
      'haproxy.cfg': `
        defaults
          mode http
          timeout connect 5s
          timeout client 60s
          timeout server 60s
        frontend outside
          bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1${lines}
          default_backend inside
        backend inside
          server chat 127.0.0.1:${to}
`,
    },
    args: ['-db', '-f', path.join(folder, 'haproxy.cfg')],
  };
}

/** The names of all proxies. */
export const names = Object.keys(proxies);

/** @typedef {{url: string, port: number, ca: Buffer}} RunningProxy */

/**
 * Starts a proxy before a server for one test. It ends with the test.
 *
 * @param {import('./wait.mjs').Test} t
 * @param {string} name
 * @param {{port: number}} server
 * @returns {Promise<RunningProxy>}
 */
export async function proxyForTest(t, name, server) {
  const port = await freePort();
  const folder = temporaryFolder();
  const files = selfSigned();
  const { files: written, args } = proxies[name]({ port, to: server.port, folder, ...files });
  for (const [file, content] of Object.entries(written)) writeFileSync(path.join(folder, file), content);
  const { binary, libraries } = programs()[name.split(' ')[0]];
  const child = spawnBeside(binary, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, LD_LIBRARY_PATH: libraries },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { output += text; });
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  t.after(async () => {
    child.kill('SIGKILL'); // there is nothing that it would have to finish
    await ended;
  });
  const proxy = { url: `https://${host}:${port}`, port, ca: readFileSync(files.cert) };
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended by itself:\n${output}`);
    return canConnect(proxy);
  }, { what: `${name} to listen` }).catch((error) => { throw new Error(`${error.message}\n${output}`); });
  return proxy;
}

/**
 * @param {RunningProxy} proxy
 * @param {tls.ConnectionOptions & {localAddress?: string}} [options]
 */
function connectTo({ port, ca }, options = {}) {
  return tls.connect({ host: '127.0.0.1', port, ca, servername: host, ...options });
}

/**
 * @param {RunningProxy} proxy
 * @returns {Promise<boolean>}
 */
function canConnect(proxy) {
  return new Promise((resolve) => {
    const socket = connectTo(proxy, { ALPNProtocols: ['h2'] });
    socket.once('secureConnect', () => { resolve(socket.alpnProtocol === 'h2'); socket.destroy(); });
    socket.once('error', () => resolve(false));
  });
}

/**
 * A person outside a proxy, at an address of this machine. Their pages come by HTTP/2, and
 * whatever `headers` claim goes with every request.
 */
export class OutsidePerson extends Person {
  /**
   * @param {import('./person.mjs').Place} server
   * @param {RunningProxy} proxy
   * @param {{address: string, headers?: Record<string, string>, t: import('./wait.mjs').Test}} options
   */
  constructor(server, proxy, { address, headers = {}, t }) {
    super(server, { url: proxy.url, address, headers, t });
    this.proxy = proxy;
    this.local = address;
    this.agent = new https.Agent({ ca: proxy.ca, servername: host, localAddress: address, lookup: (_, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)) });
    t.after(() => this.agent.destroy());
  }

  /**
   * As Person's, by HTTP/2 on a connection of its own.
   *
   * @param {string} target
   * @param {import('./person.mjs').RequestOptions} [options]
   */
  async fetch(target, { method = 'GET', body, headers = {} } = {}) {
    const session = http2.connect(this.url, { createConnection: () => connectTo(this.proxy, { ALPNProtocols: ['h2'], localAddress: this.local }) });
    try {
      const answer = await this.#exchange(session, target, method, body?.toString(), headers);
      for (const line of answer.cookies) {
        const [name, value] = line.split(';')[0].split(/=(.*)/s);
        this.cookies.set(name, value);
      }
      return answer;
    } finally {
      session.destroy();
    }
  }

  /**
   * @param {http2.ClientHttp2Session} session
   * @param {string} target
   * @param {string} method
   * @param {string | undefined} body
   * @param {Record<string, string>} headers
   * @returns {Promise<import('./person.mjs').Answer & {cookies: string[]}>} `cookies` are the Set-Cookie lines
   */
  #exchange(session, target, method, body, headers) {
    return new Promise((resolve, reject) => {
      session.once('error', reject);
      const lower = Object.fromEntries(Object.entries({ ...this.headers, ...headers }).map(([name, value]) => [name.toLowerCase(), value]));
      const stream = session.request({
        ':method': method, ':path': target, ':authority': new URL(this.url).host, ':scheme': 'https',
        accept: 'text/html',
        ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(this.cookies.size ? { cookie: this.cookieHeader } : {}),
        ...lower,
      });
      stream.once('error', reject);
      /** @type {http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader} */
      let head;
      let text = '';
      stream.once('response', (got) => { head = got; });
      stream.setEncoding('utf8');
      stream.on('data', (piece) => { text += piece; });
      stream.once('end', () => {
        const answered = new Headers();
        for (const [name, value] of Object.entries(head)) {
          if (!name.startsWith(':') && name !== 'set-cookie') answered.set(name, String(value));
        }
        resolve({
          status: Number(head[':status']), text, location: head.location ?? null, cookies: head['set-cookie'] ?? [], headers: answered,
        });
      });
      stream.end(body);
    });
  }

  /** @param {import('./person.mjs').ConnectOptions} [options] */
  connect(options = {}) {
    return super.connect({ agent: this.agent, ca: this.proxy.ca, ...options });
  }
}
