import { useId, useState } from 'react';

const LANGUAGES = { 'zh-CN': '中文', en: 'English' };

/** A bar over GraphiQL: who asks, why, and in which language. Demo mode only. */
export function SessionBar({ session }) {
  const ids = { persona: useId(), purpose: useId(), language: useId() };
  const [choices, setChoices] = useState({ ...session.choices });
  const choose = (changes) => {
    session.choose(changes);
    setChoices({ ...session.choices });
  };
  return (
    // GraphiQL declares its colours and fonts, light and dark, on this class of its own.
    <div className="graphiql-container onegrid-session" role="group" aria-label="体验身份 Persona">
      <Field id={ids.persona} label="身份" title="Authorization: Bearer …">
        <select
          id={ids.persona}
          value={session.persona?.tenant ? session.persona.key : ''}
          onChange={(event) => choose({ persona: event.target.value || null })}
        >
          <option value="">公众(未登录)</option>
          <PersonaOptions personas={session.personas} />
        </select>
      </Field>
      <Field id={ids.purpose} label="用途" title="X-Purpose">
        <input
          id={ids.purpose}
          value={choices.purpose}
          maxLength="200"
          placeholder="查看个人信息时须写明"
          onChange={(event) => choose({ purpose: event.target.value })}
        />
      </Field>
      <Field id={ids.language} label="语言" title="Accept-Language">
        <select
          id={ids.language}
          value={choices.language}
          onChange={(event) => choose({ language: event.target.value })}
        >
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <output htmlFor={ids.persona}>{standing(session)}</output>
    </div>
  );
}

/** A control under its label; `title` names the header that it fills. */
function Field({ id, label, title, children }) {
  return (
    <span title={title}>
      <label htmlFor={id}>{label}</label>
      {children}
    </span>
  );
}

function PersonaOptions({ personas }) {
  return [...byTenant(personas)].map(([code, group]) => (
    <optgroup key={code} label={group[0].tenant.name}>
      {group.map(({ key, nameZh }) => (
        <option key={key} value={key}>
          {nameZh}
        </option>
      ))}
    </optgroup>
  ));
}

/** The personas of each tenant, by its code, in the server's order; the public one has none. */
function byTenant(personas) {
  const groups = new Map();
  for (const persona of personas.filter(({ tenant }) => tenant)) {
    const { code } = persona.tenant;
    groups.set(code, [...(groups.get(code) ?? []), persona]);
  }
  return groups;
}

/** What the chosen token says, in one line. */
function standing({ persona, missing }) {
  if (missing) return `没有身份 ${missing},现为公众`;
  if (!persona) return 'PUBLIC';
  const { role, tenant, organization } = persona;
  return [role, tenant?.code, organization].filter(Boolean).join(' · ');
}
