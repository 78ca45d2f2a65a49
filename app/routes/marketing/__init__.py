"""Marketing's pages: campaigns with what they cost and brought, their links and codes, and the store's funnel."""

from app.routes.marketing import campaign, campaigns, codes, funnel, links

routes = [*campaigns.routes, *campaign.routes, *links.routes, *codes.routes, *funnel.routes]
