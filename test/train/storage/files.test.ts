import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, unwritable, writeFileAtomic } from '../../../src/train/storage/files.js';

const folder = mkdtempSync(join(tmpdir(), 'cotangent-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing of a path, and leaves what is there', async () => {
    const deep = join(folder, 'one/two/three');
    await makeFolder(deep);
    expect(existsSync(deep)).toBe(true);
    await makeFolder(deep);
    await makeFolder('.');
    writeFileSync(join(folder, 'plain'), '');
    await expect(makeFolder(join(folder, 'plain'))).rejects.toThrow(/EEXIST/);
    await expect(makeFolder(join(folder, 'plain/below'))).rejects.toThrow(/ENOTDIR/);
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(makeFolder('/proc/none/such')).rejects.toThrow(/ENOENT/);
    await expect(writeFileAtomic('/proc/none/file', '')).rejects.toThrow(
      /^\/proc\/none\/file: cannot be written: no such file or directory$/,
    );
  });
});

describe('writeFileAtomic', () => {
  it('replaces what was there, and makes folders', async () => {
    const path = join(folder, 'a/b.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, new TextEncoder().encode('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
  });

  it('names the file that cannot be written, and leaves nothing half-written', async () => {
    writeFileSync(join(folder, 'file'), 'old');
    await expect(writeFileAtomic(join(folder, 'file/x'), '')).rejects.toThrow(
      /file\/x: cannot be written: (not a directory|file already exists)$/,
    );
    mkdirSync(join(folder, 'taken/inside'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), 'new')).rejects.toThrow(/taken: cannot be written: \w[\w ]+$/);
    expect(existsSync(join(folder, 'taken.tmp'))).toBe(false);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  });

  it('says what the system says, without its codes', () => {
    const full = new Error('ENOSPC: no space left on device, write');
    expect(unwritable('run/model.onnx', full).message).toBe(
      'run/model.onnx: cannot be written: no space left on device',
    );
    const denied = new Error("EACCES: permission denied, open '/x, y/z'");
    expect(unwritable('z', denied).message).toBe('z: cannot be written: permission denied');
  });
});
