// Demo mode only: copies a fresh token of the chosen persona. The page itself holds no tokens.
const form = document.getElementById('token');
const said = form.querySelector('output');

form.hidden = false;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  said.textContent = await copied().catch((error) => `没有复制成功:${error.message}`);
});

async function copied() {
  const key = form.querySelector('select').value;
  const response = await fetch(form.dataset.personas, { cache: 'no-store' });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { personas } = await response.json();
  const persona = personas.find((item) => item.key === key);
  if (!persona) throw new Error('已没有这个身份,请刷新页面');
  await copy(persona.token);
  return `已复制${persona.nameZh}的令牌,用作 Authorization: Bearer …`;
}

async function copy(text) {
  // Browsers give a clipboard only to https and to the own machine; an intranet is neither.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  form.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('浏览器不允许');
}
