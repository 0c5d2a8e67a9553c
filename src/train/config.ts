import { z } from 'zod';
import { domainKinds } from './domains/domains.js';
import { chosen, chosenFrom, made, spelled } from './options/choice.js';
import { nearest } from './options/nearest.js';
import { problemOf } from './options/problems.js';
import { type TrainConfig, type TrainSettings, trainConfigSchema } from './settings.js';
import type { TrainingTask } from './task.js';
import { tasks } from './tasks.js';

/**
 * A configuration with its defaults filled in: the names of data, model, loss, augmentations and regularisers are those of its task.
 *
 * @throws Error of one line naming every field that does not fit, with the nearest that does.
 */
export function parseConfig(input: TrainSettings | Record<string, unknown>): TrainConfig {
  const { name, task } = taskOf(input);
  const strange = Object.keys(input).filter((setting) => specific.has(setting) && !task.settings?.includes(setting));
  if (strange.length > 0) {
    const [setting] = strange;
    throw new Error(
      `train: ${setting} is for ${having((other) => other.settings?.includes(setting))}, not for ${name}`,
    );
  }
  const schema = schemaOf(name, task, typeof input.task !== 'string');
  const settings = { ...task.defaults, ...defaultsWith(task, input.loss ?? task.loss), ...input };
  const config = { ...parseSettings('train', schema, settings), task: name } as TrainConfig;
  const withDomains = (other: TrainingTask) => other.settings?.includes('domains');
  if (config.optimizer.name === 'fish' && !withDomains(task))
    throw new Error(`train: optimizer: fish compares domains, which ${having(withDomains)} has, not ${name}`);
  return input.batchSize === undefined ? { ...config, batchSize: ofDomains(config) } : config;
}

/** The size of a batch, or the largest below it that holds as many images of each domain. */
function ofDomains({ batchSize, domains }: TrainConfig): number {
  if (!domains) return batchSize;
  const count = made(domainKinds, domains).training.length;
  return Math.max(count, batchSize - (batchSize % count));
}

/** What a task sets with a loss, written as it may be; nothing for one that it does not know. */
function defaultsWith({ defaultsWith: all = {} }: TrainingTask, loss: unknown): TrainSettings {
  const name = spelled(chosen.safeParse(loss).data?.name ?? '', Object.keys(all));
  return name === undefined ? {} : all[name];
}

/**
 * The configuration that a run's folder holds. One of a run that was made before runs named their tasks has that which its data and its loss imply, and may hold
 * settings that this task does not take, as they stood beside the others then: they are left out.
 */
export function savedConfig(settings: Record<string, unknown>): TrainConfig {
  if (typeof settings.task === 'string') return parseConfig(settings);
  const { task } = taskOf(settings);
  const its = ([setting]: [string, unknown]) => !specific.has(setting) || task.settings?.includes(setting);
  return parseConfig(Object.fromEntries(Object.entries(settings).filter(its)));
}

/** Settings that not every task takes. */
const specific = new Set(Object.values(tasks).flatMap(({ settings = [] }) => settings));

/** The names of the tasks that have something. */
const having = (has: (task: TrainingTask) => boolean | undefined): string =>
  Object.entries(tasks)
    .filter(([, task]) => has(task))
    .map(([name]) => name)
    .join(', ');

/** Whether a choice has this name, whatever its capitals. */
const has = (choices: object, name: string): boolean => spelled(name, Object.keys(choices)) !== undefined;

const takes = ({ data, takes: more }: TrainingTask, name: string): boolean => data.includes(name) || !!more?.(name);

/** The task that settings name or imply, or else the first that takes their data and has their loss, or takes their data at least. */
function taskOf({ task, data = 'digits', loss, ...others }: Record<string, unknown>): {
  name: string;
  task: TrainingTask;
} {
  if (task !== undefined) {
    if (typeof task === 'string' && Object.hasOwn(tasks, task)) return { name: task, task: tasks[task] };
    throw new Error(
      `train: task: no task is called ${task}; did you mean ${nearest(String(task), Object.keys(tasks)).join(', ')}?`,
    );
  }
  const found = Object.entries(tasks).filter(([, candidate]) => takes(candidate, String(data)));
  const wanted = chosen.optional().safeParse(loss).data?.name;
  const [name, best] =
    found.find(([, { impliedBy }]) => impliedBy !== undefined && Object.hasOwn(others, impliedBy)) ??
    found.find(([, { losses }]) => wanted === undefined || has(losses, wanted)) ??
    found[0] ??
    Object.entries(tasks)[0];
  return { name, task: best };
}

type ChoicesName = 'losses' | 'augmentations' | 'regularizers' | 'degradations' | 'transmissions';

/** The schema of a task's configuration. @param implied whether the task is one of several that could have been meant. */
function schemaOf(name: string, task: TrainingTask, implied: boolean) {
  const named = (what: string, choices: ChoicesName) => {
    const own = task[choices] ?? {};
    const elsewhere = (wanted: string) => {
      const others = having((other) => has(other[choices] ?? {}, wanted));
      return others === '' ? undefined : `${wanted} is for ${others}, not for ${name}`;
    };
    const all = implied ? Object.assign({}, ...Object.values(tasks).map((other) => other[choices])) : own;
    return chosenFrom(what, own, elsewhere, Object.keys(all), choices === 'losses' ? task.attempt : undefined);
  };
  const dataNames = implied ? [...new Set(Object.values(tasks).flatMap((other) => other.data))] : task.data;
  const noData = (wanted: string) => {
    const others = having((other) => takes(other, wanted));
    if (others === '') return `no data is called ${wanted}; did you mean ${nearest(wanted, dataNames).join(', ')}?`;
    const lacking = task.needs ? `${wanted} has no ${task.needs}` : `${wanted} is for ${others}`;
    return `${lacking}; ${name} takes ${[...task.data, ...(task.takes ? ['files of tables'] : [])].join(', ')}`;
  };
  return trainConfigSchema.extend({
    data: z
      .string()
      .default(task.data[0])
      .refine((data) => takes(task, data), {
        error: ({ input }) => noData(String(input)),
      }),
    model: z
      .string()
      .default(task.models[0])
      .refine((model) => task.models.includes(model), {
        error: ({ input }) => {
          const others = having(({ models }) => models.includes(String(input)));
          return others === ''
            ? `no model of ${name} is called ${input}; did you mean ${nearest(String(input), task.models).join(', ')}?`
            : `${input} is for ${others}, not for ${name}, which has ${task.models.join(', ')}`;
        },
      }),
    loss: named('loss', 'losses').prefault(task.loss),
    augment: z.array(named('augmentation', 'augmentations')).default([]),
    regularizer: z.array(named('regularizer', 'regularizers')).default([]),
    degrade: z.array(named('degradation', 'degradations')).optional(),
    transmit: z.array(named('transmission', 'transmissions')).optional(),
  });
}

/** Settings as a schema has them. @throws Error of one line naming `who` and every field that does not fit. */
export function parseSettings<S extends z.ZodRawShape>(who: string, schema: z.ZodObject<S>, input: unknown) {
  const parsed = schema.safeParse(input, { error: problemOf });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(({ path, ...issue }) => {
    if (issue.code !== 'unrecognized_keys') return [`${path.join('.')}: ${issue.message}`];
    const [settings, where] = [settingsAt(schema, path), path.length > 0 ? ` of ${path.join('.')}` : ''];
    return issue.keys.map(
      (key) => `no setting${where} is called ${key}; did you mean ${nearest(key, settings).join(', ')}?`,
    );
  });
  throw new Error(`${who}: ${problems.join('; ')}`);
}

/** The names of the settings that lie at a path of a schema. */
function settingsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const name of [...path, undefined]) {
    while (at instanceof z.ZodOptional || at instanceof z.ZodDefault) at = at.unwrap();
    if (!(at instanceof z.ZodObject)) return [];
    if (name === undefined) return Object.keys(at.shape);
    at = at.shape[name as string];
  }
  return [];
}
