"""What all lists and pages share: they show, and act only through `control`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property

from sessions_app.admin.columns import said
from sessions_app.control.actions import By, Source, Verb, verbs_of

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    AnyInline = admin.TabularInline[Any, Any]
    AnyPaginator = Paginator[Any]
else:
    AnyAdmin = admin.ModelAdmin
    AnyInline = admin.TabularInline
    AnyPaginator = Paginator

SHOWN_BELOW = 50
CHOSEN_AT_ONCE = 100
COUNTED = 10_000  # rows beyond are not counted: a list that long is searched or filtered, not leafed through


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A button on a page. ``asks``: it leads to a page that asks again, because it cannot be undone."""

    url: str
    words: str
    asks: bool = False


def actor(request: HttpRequest) -> By:
    """Who acts. Pages of the admin are for people who have signed in."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return By.account(request.user, Source.ADMIN)


class Pages(AnyPaginator):
    """Pages without counting millions of rows: the number is exact up to a limit, and "more than" that beyond it."""

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        return rows.order_by()[: COUNTED + 1].count() if isinstance(rows, QuerySet) else len(rows)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > COUNTED

    @property
    def count(self) -> int:
        """How many rows there are to leaf through."""
        return min(self._counted, COUNTED)


class ReadOnlyAdmin(AnyAdmin):
    """Nobody adds, changes or deletes. Who may *change* a model by Django's permissions may use its actions."""

    list_per_page = 50
    paginator = Pages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count every row for every choice
    change_form_template = "admin/sessions_app/change_form.html"
    change_list_template = "admin/sessions_app/change_list.html"

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows come from what agents write."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The watcher and the publisher change rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What is deleted while its transcript is there would only be read again."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether this user may use the actions of this model."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """What can be done to a row of this model."""
        return verbs_of(str(self.opts.model_name))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may act may look."""
        own = request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}")
        return own or self.has_act_permission(request)

    def tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        """The buttons on an object's page: what can be done to it now, by this user."""
        return [
            Tool(url=self.url(verb.name, obj.pk), words=verb.label, asks=verb.asks is not None)
            for verb in self.verbs
            if verb.offered(obj) and request.user.has_perm(verb.permission)
        ]

    def list_tools(self) -> Sequence[Tool]:
        """The buttons above the list."""
        return ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with its buttons."""
        tools = self.list_tools() if self.has_act_permission(request) else ()
        return super().changelist_view(request, {
            "title": str(self.opts.verbose_name_plural).capitalize(), **(extra_context or {}), "live_tools": tools,
        })  # fmt: skip

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of an object, with its buttons."""
        obj = self.get_object(request, object_id)
        tools = self.tools(request, obj) if obj is not None else ()
        title = {"title": str(self.opts.verbose_name).capitalize(), "subtitle": said(str(obj), 100)}
        context = {**title, **(extra_context or {}), "live_tools": tools}
        return super().change_view(request, object_id, form_url, context)

    # Addresses and actions that act

    def get_urls(self) -> list[URLPattern]:
        """With an address for each verb."""
        own = [
            path(
                f"<int:pk>/{verb.name}/", self.admin_site.admin_view(self._acting(verb)), name=self._name(verb.name)
            )
            for verb in self.verbs
        ]  # fmt: skip
        return [*own, *super().get_urls()]

    def list_path(self, words: str, act: Callable[[HttpRequest], str]) -> URLPattern:
        """An address that acts on all objects at once, by POST: the action answers with a sentence."""

        def view(request: HttpRequest) -> HttpResponse:
            if not self.has_act_permission(request):
                raise PermissionDenied
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            messages.success(request, act(request))
            return HttpResponseRedirect(self.url("changelist"))

        return path(f"{words}/", self.admin_site.admin_view(view), name=self._name(words))

    def url(self, name: str, *args: Any) -> str:
        """The address of one of this model's pages."""
        return reverse(f"{self.admin_site.name}:{self._name(name)}", args=args)

    def _name(self, words: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{words}"

    def _acting(self, verb: Verb) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if not request.user.has_perm(verb.permission):
                raise PermissionDenied
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            obj = self.get_object(request, str(pk))
            if obj is None:
                raise Http404
            if verb.asks and "sure" not in request.POST:
                return self._ask(request, verb, [obj], self.url(verb.name, pk))
            if verb.act(obj, by=actor(request)):
                messages.success(request, verb.did(obj))
            else:
                messages.warning(request, verb.nothing(obj))
            there = self.get_object(request, str(pk)) is not None
            return HttpResponseRedirect(self.url("change", pk) if there else self.url("changelist"))

        return view

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One for each verb that this user may use."""
        return {
            action_name(verb): (_on_chosen(verb), action_name(verb), verb.label)
            for verb in self.verbs
            if request.user.has_perm(verb.permission)
        }

    def act_on_chosen(self, request: HttpRequest, verb: Verb, chosen: QuerySet[Any]) -> HttpResponse | None:
        """Do it to all chosen rows that it can be done to; ask first where it cannot be undone."""
        rows = [one for one in chosen[:CHOSEN_AT_ONCE] if verb.offered(one)]
        if not rows:
            messages.warning(request, f"{verb.words}: there is nothing to do for the chosen ones.")
            return None
        if verb.asks and "sure" not in request.POST:
            return self._ask(request, verb, rows, request.get_full_path())
        by = actor(request)
        done = sum(verb.act(one, by=by) for one in rows)
        left = f" Nothing was to be done for {len(rows) - done}." if done < len(rows) else ""
        messages.success(request, f"{verb.words}: done for {done}.{left}")
        return None

    def _ask(self, request: HttpRequest, verb: Verb, rows: Sequence[Any], url: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.words}?",
            "opts": self.opts,
            "questions": [(one.pk, verb.question(one)) for one in rows],
            "url": url,
            "action": action_name(verb),
            "chosen": ACTION_CHECKBOX_NAME,
            "words": verb.words,
        }
        return TemplateResponse(request, "admin/sessions_app/ask.html", context)


def action_name(verb: Verb) -> str:
    """What Django's admin calls the action of a verb."""
    return verb.name.replace("-", "_")


def _on_chosen(verb: Verb) -> Callable[..., HttpResponse | None]:
    def act(model_admin: ReadOnlyAdmin, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        return model_admin.act_on_chosen(request, verb, chosen)

    return act


class NewestInline(AnyInline):
    """The newest rows below an object, to look at and to follow."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    template = "admin/sessions_app/newest.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A formset may not be sliced, so the newest are chosen by a query of their own."""
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        above = match.kwargs.get("object_id", "") if match else ""
        if not str(above).isdigit():
            return rows.none()
        newest = self.model._default_manager.filter(**{self.fk_name or "": above}).order_by("-id")
        return rows.filter(id__in=newest.values("id")[:SHOWN_BELOW])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from what agents write."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are shown only."""
        return False
