"""/api/v1/audit/reviews/: who reviewed which positions of the log, what was found, and what nobody reviewed."""

from typing import Any

from flask import Response, abort, g

from audit.reviews import is_independent, review, reviews, unreviewed
from domain.use_cases.reviews import check_positions, record_review
from receiver import dates, pages
from receiver.access import own_organization, requires
from receiver.answers import answer, preconditions
from receiver.auditing.review_schemas import NewReviewSchema, ReviewSchema, ReviewsSchema
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import ledger, services
from receiver.paths import public_path

blueprint = Blueprint(
    "audit-reviews",
    __name__,
    url_prefix="/api/v1/audit/reviews",
    description="Who reviewed what was recorded.",
)
_one, _page = ReviewSchema(), ReviewsSchema()


@blueprint.route("/")
@requires("auditor", narrowed=True)
@blueprint.query(pages.IdPageSchema)
@blueprint.response(200, ReviewsSchema)
def list_reviews(query: dict[str, Any]) -> Response:
    """List reviews by position, and what nobody has reviewed

    A client that is bound to an organization sees the reviews of that one. For others, such reviews leave
    their positions unreviewed.
    """
    until, organization = last_position(), own_organization()
    found = list(reviews(services().ledger, until=until, organization=organization))
    missing = unreviewed(found, until=until, organization=organization)
    after, limit = (query["after"] or (0,))[0], query["limit"]
    rows = [vars(each) for each in found if each.position > after][: limit + 1]
    return pages.page(
        rows, limit, lambda page: _page.dump({"reviews": page, "unreviewed": missing}), ["position"]
    )


@blueprint.route("/", methods=["POST"])
@requires("auditor", as_of=False, narrowed=True)
@blueprint.arguments(NewReviewSchema)
@blueprint.response(201, ReviewSchema)
def add_review(new: dict[str, Any]) -> Response:
    """Record that positions of the log were reviewed, and what was found

    `independent` is false when the reviewing client caused an event in these positions, other than a
    review.
    """
    preconditions(_one.dump)()
    first, last, head = new["first"], new["last"], last_position()
    check_positions(first, last, head=head)
    review_id = record_review(
        ledger(),
        **new,
        independent=is_independent(services().ledger, g.cause.by, first, last),
        organization_id=own_organization(),
        now=dates.utc_now(),
    )
    response = answer(_shown(review_id, last_position()), 201)
    response.headers["Location"] = f"{public_path().rstrip('/')}/{review_id}/"
    return response


@blueprint.route("/<id:review_id>/")
@requires("auditor", narrowed=True)
@blueprint.response(200, ReviewSchema)
def get_review(review_id: int) -> Response:
    """Get one review"""
    return answer(_shown(review_id, last_position()))


def _shown(review_id: int, until: int) -> Any:
    """Return a review; aborts with 404 when there is none that this client may see."""
    found = review(services().ledger, review_id, until=until)
    if found is None or own_organization() not in {None, found.organization}:
        abort(404, "there is no such review")
    return _one.dump(found)
