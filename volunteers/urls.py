from django.urls import path

from volunteers.views import cards, claims, entered, me, public, records, students

urlpatterns = [
    path("me/", me.me, name="me"),
    path("me/join/", me.join_view, name="join"),
    path("me/profile/", me.my_profile, name="my_profile"),
    path("me/id-number/", me.my_id_number, name="my_id_number"),
    path("me/guardian/", me.my_guardian, name="my_guardian"),
    path("me/consents/", me.my_consents, name="my_consents"),
    path("me/consents/<slug:kind>/", me.change_consent, name="change_consent"),
    path("me/data.json", me.my_data, name="my_data"),
    path("me/close/", me.close_my_account, name="close_account"),
    path("me/card/", cards.my_card, name="my_card"),
    path("me/card/reissue/", cards.reissue_my_card, name="reissue_my_card"),
    path("me/card/keys/", cards.my_card_keys, name="my_card_keys"),
    path("me/card/worker.js", cards.card_worker, name="card_worker"),
    path("me/card.pdf", cards.my_card_pdf, name="my_card_pdf"),
    path("me/student/", students.my_student, name="my_student"),
    path("me/student/prove/", students.prove_student, name="prove_student"),
    path("me/claims/", claims.my_claims, name="my_claims"),
    path("me/claims/entered/<int:volunteer_id>/", claims.claim_entered, name="claim_entered"),
    path("me/claims/<int:request_id>/send/", claims.send_claim_code, name="send_claim_code"),
    path("me/claims/<int:request_id>/prove/", claims.prove_claim, name="prove_claim"),
    path("me/records/", records.my_records, name="my_records"),
    path("me/records/<int:record_id>/", records.my_record, name="my_record"),
    path("c/<str:token>/", public.card_public, name="card_public"),
    path("notices/<slug:kind>/", public.notice, name="notice"),
    path("communities/", public.communities, name="communities"),
    path("demo/messages/", public.demo_messages, name="demo_messages"),
    path("desk/volunteers/", entered.entered_volunteers, name="entered_volunteers"),
    path("desk/volunteers/<int:volunteer_id>/", entered.edit_entered, name="edit_entered"),
    path(
        "desk/volunteers/<int:volunteer_id>/card/",
        entered.issue_entered_card,
        name="issue_entered_card",
    ),
    path(
        "desk/volunteers/<int:volunteer_id>/card/reissue/",
        entered.reissue_entered_card,
        name="reissue_entered_card",
    ),
    path(
        "desk/volunteers/<int:volunteer_id>/card.pdf",
        entered.entered_card_pdf,
        name="entered_card_pdf",
    ),
    path("desk/roster/", students.student_roster, name="student_roster"),
    path(
        "desk/roster/<int:student_id>/take-back/", students.take_back_proof, name="take_back_proof"
    ),
    path("desk/merges/", claims.merge_requests, name="merge_requests"),
    path("desk/merges/<int:request_id>/", claims.decide_merge_request, name="decide_merge_request"),
]
