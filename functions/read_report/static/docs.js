// Addresses are relative to the page; without `validatorUrl: null` a badge would ask a site elsewhere.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  layout: "BaseLayout",
  validatorUrl: null,
});
