from django.urls import path

from cms import views

urlpatterns = [
    path("language/", views.set_language, name="set_language"),
    path("display/", views.set_display, name="set_display"),
    path("search/", views.search, name="search"),
    path("design/", views.design_system, name="design_system"),
    path("demo/time/", views.demo_time, name="demo_time"),
]
