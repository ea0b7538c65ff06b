import { fetchPersonas } from './personas.js';

const STORAGE_KEY = 'onegrid:session';

/**
 * Who the page asks as, why, and in which language.
 *
 * The choices outlive a reload of the tab; tokens are kept in memory alone.
 */
export class Session {
  /** `personas` as fetchPersonas gives them; null = the page offers no choice and adds nothing. */
  constructor(personas) {
    this.personas = personas;
    this.choices = { persona: null, purpose: '', language: preferredLanguage(), ...stored() };
    if (personas) this.#takeFromAddress();
  }

  get persona() {
    return this.personas?.find(({ key }) => key === this.choices.persona) ?? null;
  }

  /** The key that was chosen where no persona has it; asked is then as the public. */
  get missing() {
    return this.persona ? null : this.choices.persona;
  }

  /** Change some of `{persona, purpose, language}`, the persona by its key; null = the public. */
  choose(changes) {
    Object.assign(this.choices, changes);
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(this.choices));
  }

  /** Add what was chosen to headers; those already there win. */
  sign(headers) {
    if (!this.personas) return;
    const { purpose, language } = this.choices;
    const added = {
      authorization: this.persona?.token && `Bearer ${this.persona.token}`,
      'accept-language': language,
      'x-purpose': encodeURIComponent(purpose.trim()),
    };
    for (const [name, value] of Object.entries(added)) {
      if (value && !headers.has(name)) headers.set(name, value);
    }
  }

  /** Fetch tokens anew; where there are none, the old ones stay. */
  async renew() {
    this.personas = (await fetchPersonas()) ?? this.personas;
  }

  // /graphiql?persona=KEY chooses once: a reload keeps what was chosen since.
  #takeFromAddress() {
    const address = new URL(location.href);
    const key = address.searchParams.get('persona');
    if (key === null) return;
    address.searchParams.delete('persona');
    history.replaceState(history.state, '', address);
    this.choose({ persona: key || null });
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY));
  } catch {
    return null;
  }
}

function preferredLanguage() {
  const known = navigator.languages.find((tag) => /^(zh|en)\b/.test(tag));
  return known?.startsWith('en') ? 'en' : 'zh-CN';
}
