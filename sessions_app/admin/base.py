"""What all lists and pages share: they show, and act only through `control`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from sessions_app.admin.columns import said

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    AnyInline = admin.TabularInline[Any, Any]
else:
    AnyAdmin = admin.ModelAdmin
    AnyInline = admin.TabularInline

SHOWN_BELOW = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A button on a page. ``asks``: it leads to a page that asks again, because it cannot be undone."""

    url: str
    words: str
    asks: bool = False


def actor(request: HttpRequest) -> AbstractBaseUser:
    """Who acts. Pages of the admin are for people who have signed in."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


class ReadOnlyAdmin(AnyAdmin):
    """Nobody adds, changes or deletes. Who may *change* a model by Django's permissions may use its actions."""

    list_per_page = 50
    show_full_result_count = False
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

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may act may look."""
        own = request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}")
        return own or self.has_act_permission(request)

    def tools(self, obj: Any) -> Sequence[Tool]:
        """The buttons on an object's page."""
        return ()

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
        tools = self.tools(obj) if obj is not None and self.has_act_permission(request) else ()
        title = {"title": str(self.opts.verbose_name).capitalize(), "subtitle": said(str(obj), 100)}
        context = {**title, **(extra_context or {}), "live_tools": tools}
        return super().change_view(request, object_id, form_url, context)

    # Addresses that act

    def act_path(self, words: str, act: Callable[[HttpRequest, Any], str | HttpResponse]) -> URLPattern:
        """An address that acts on one object by POST: the action answers with a sentence."""
        return path(f"<int:pk>/{words}/", self.admin_site.admin_view(self._acting(act)), name=self._name(words))

    def list_path(self, words: str, act: Callable[[HttpRequest], str]) -> URLPattern:
        """The same for all objects at once."""

        def view(request: HttpRequest) -> HttpResponse:
            if refused := self._refused(request):
                return refused
            messages.success(request, act(request))
            return HttpResponseRedirect(self.url("changelist"))

        return path(f"{words}/", self.admin_site.admin_view(view), name=self._name(words))

    def url(self, name: str, *args: Any) -> str:
        """The address of one of this model's pages."""
        return reverse(f"{self.admin_site.name}:{self._name(name)}", args=args)

    def _name(self, words: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{words}"

    def _acting(self, act: Callable[[HttpRequest, Any], str | HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if refused := self._refused(request):
                return refused
            obj = self.get_object(request, str(pk))
            if obj is None:
                raise Http404
            answer = act(request, obj)
            if isinstance(answer, HttpResponse):
                return answer
            messages.info(request, answer)
            return HttpResponseRedirect(self.url("change", pk))

        return view

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        if not self.has_act_permission(request):
            raise PermissionDenied
        return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])


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
