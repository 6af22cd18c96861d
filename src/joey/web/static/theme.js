// The theme of this device, before the first paint: by the clock, or as chosen here.
// A classic script, so that no page flashes white at night.
(() => {
  const NIGHT_FROM = 19, DAY_FROM = 7; // h
  const chosen = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const hour = () => Number(document.documentElement.dataset.hour ?? new Date().getHours());
  const wanted = () => {
    const own = chosen();
    if (own === "day" || own === "night") return own;
    const now = hour();
    return now >= NIGHT_FROM || now < DAY_FROM ? "night" : "day";
  };
  const apply = () => {
    const theme = wanted();
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new Event("themechange"));
  };
  document.addEventListener("themewish", apply);
  apply();
})();
