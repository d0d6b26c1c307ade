// wsfan - WebSocket fan-out load generator (one thread, epoll edge-triggered).
// Opens N subscribers, runs a scripted handshake on each, publishes through a separate
// TCP connection and measures delivery. See README.md. Build: gcc -O2 -o wsfan wsfan.c -lm
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
typedef uint8_t u8; typedef uint32_t u32; typedef uint64_t u64; typedef int64_t i64;

static u64 now_ns(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec*1000000000ull+t.tv_nsec;}

// ---------- options ----------
enum {ST_SEND,ST_SENDBIN,ST_EXPECT,ST_MQTTC,ST_MQTTS};
static struct {int k;char *s;int len;} steps[32]; static int nsteps;
static char *o_host="127.0.0.1",*o_path="/sub/{shop}",*o_headers="",*o_proto=NULL,*o_marker="T~",*o_name="";
static char *o_workload="bcast",*o_pub="line",*o_pubpath="/pub/{shop}",*o_pubprefix="ev:",*o_pubhdr="",*o_pubtpl=NULL;
static char *o_auto_in=NULL,*o_auto_out=NULL,*o_pids="",*o_pubhost="127.0.0.1",*o_pubunix=NULL;
static int o_port=9001,o_pubport=9002,o_n=1000,o_shops=1,o_window=4,o_size=200,o_conc=256,o_pubconns=1,o_srcs=4,o_frames=0,o_slow=0,o_ack=0;
static double o_secs=5,o_rate0=1000,o_p99=50,o_step=1.0,o_rate=0,o_settle=0.5,o_ctimeout=60,o_growth=2; static int o_bisect=5;

// ---------- connections ----------
typedef struct {int fd;u8 state,step;u8 slow;u32 shop,lastseq;int rlen;char *rem;u64 nmsg;} conn;
enum {C_CONN,C_HS,C_SCRIPT,C_READY,C_DEAD};
static u32 *shopseq; static char *o_topics="pad"; static conn *C; static int nready,ndead,inflight_c,next_c,ep; static u32 *shopn;
typedef struct {int fd;char *ob;size_t ol,oc;int ready;} pubc; static pubc P[64];

// ---------- histogram: log-linear, 64 sub-buckets ----------
#define HB (64*64)
static u64 H[HB],Hn,Hmax;
static int hidx(u64 v){if(v<64)return v;int e=63-__builtin_clzll(v);int s=(v>>(e-6))&63;int i=(e-5)*64+s;return i<HB?i:HB-1;}
static double hval(int i){if(i<64)return i;int e=i/64+5,s=i%64;return (double)(((u64)64+s)<<(e-6))+(double)((1ull<<(e-6))/2);}
static double hpct(double p){u64 t=(u64)(Hn*p+0.5),a=0;if(!Hn)return 0;if(t<1)t=1;for(int i=0;i<HB;i++){a+=H[i];if(a>=t)return hval(i);}return Hmax;}
static void hreset(void){memset(H,0,sizeof H);Hn=Hmax=0;}

static u64 delivered,misrouted,ooo,frames_in,bytes_in,recvs; static u64 pubseq,published,expected;
#define WMASK 1048575
static u32 *rem_; static int bcast_inflight; static int mode_bcast; static int publishing; static u64 lastdel;
static size_t mlen;

static char *subst(const char *t,int i,int shop,const char *msg,int ml,char *out,int *ol){
  char *o=out;for(const char*p=t;*p;){
    if(*p=='{'){ if(!strncmp(p,"{i}",3)){o+=sprintf(o,"%d",i);p+=3;continue;}
      if(!strncmp(p,"{shop}",6)){o+=sprintf(o,"%d",shop);p+=6;continue;}
      if(!strncmp(p,"{len}",5)){o+=sprintf(o,"%d",ml);p+=5;continue;}
      if(msg&&!strncmp(p,"{msg}",5)){memcpy(o,msg,ml);o+=ml;p+=5;continue;} }
    *o++=*p++; }
  *o=0;*ol=o-out;return out;}
static char *unesc(const char *s,int *l){char*r=malloc(strlen(s)+1),*o=r;for(;*s;s++){if(*s=='\\'&&s[1]){s++;switch(*s){case'r':*o++='\r';break;case'n':*o++='\n';break;case't':*o++='\t';break;case'0':*o++=0;break;
  case'x':{char h[3]={s[1],s[2],0};*o++=strtol(h,0,16);s+=2;break;}default:*o++=*s;}}else *o++=*s;}*o=0;*l=o-r;return r;}

static void die(const char*m){perror(m);exit(2);}
static void ws_send(conn*c,int op,const char*p,int l){char b[8192];int h=0;b[h++]=0x80|op;if(l<126)b[h++]=0x80|l;else{b[h++]=0x80|126;b[h++]=l>>8;b[h++]=l;}
  memset(b+h,0,4);h+=4;/*mask key 0: payload unchanged*/memcpy(b+h,p,l);if(send(c->fd,b,h+l,MSG_NOSIGNAL)!=h+l){c->state=C_DEAD;ndead++;}}

static void pub_flush(pubc*p){size_t o=0;while(o<p->ol){ssize_t r=send(p->fd,p->ob+o,p->ol-o,MSG_NOSIGNAL|MSG_DONTWAIT);if(r<0){if(errno==EAGAIN)break;die("pub send");}o+=r;}
  if(o){memmove(p->ob,p->ob+o,p->ol-o);p->ol-=o;}}
static void pub_raw(pubc*p,const char*b,int l){if(p->ol+l>p->oc){p->oc=(p->ol+l)*2+65536;p->ob=realloc(p->ob,p->oc);}memcpy(p->ob+p->ol,b,l);p->ol+=l;}
static int mqtt_rl(char*o,int l){int n=0;do{int d=l%128;l/=128;if(l)d|=128;o[n++]=d;}while(l);return n;}
static int pubrr;
static void publish(int shop,u64 ts){
  static char msg[65536],b[140000];u32 seq=(u32)(++pubseq);
  int ml=sprintf(msg,"{\"t\":\"%s%019llu~%08u~%05u~\",\"type\":\"order.changed\",\"state\":\"cooking\",\"items\":[",o_marker,(unsigned long long)ts,seq%100000000u,shop);
  while(ml<o_size-4)msg[ml++]="1,2,"[(ml)&3]; if(msg[ml-1]==',')msg[ml-1]='7'; ml+=sprintf(msg+ml,"]}"); 
  int n=0;pubc*p=&P[pubrr++%o_pubconns];
  if(o_pubtpl)subst(o_pubtpl,0,shop,msg,ml,b,&n);
  else if(!strcmp(o_pub,"line")){n=sprintf(b,"%d ",shop);memcpy(b+n,msg,ml);n+=ml;b[n++]='\n';}
  else if(!strcmp(o_pub,"http")){char path[256];int pl;subst(o_pubpath,0,shop,0,0,path,&pl);n=sprintf(b,"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n%sContent-Length: %d\r\n\r\n",path,o_pubhdr,ml);memcpy(b+n,msg,ml);n+=ml;}
  else if(!strcmp(o_pub,"nats")){n=sprintf(b,"PUB s.%d %d\r\n",shop,ml);memcpy(b+n,msg,ml);n+=ml;b[n++]='\r';b[n++]='\n';}
  else if(!strcmp(o_pub,"mqtt")){char t[64];int tl=sprintf(t,"s/%d",shop);b[n++]=0x30;n+=mqtt_rl(b+n,2+tl+ml);b[n++]=tl>>8;b[n++]=tl;memcpy(b+n,t,tl);n+=tl;memcpy(b+n,msg,ml);n+=ml;}
  else if(!strcmp(o_pub,"redis")){char ch[64];int cl=sprintf(ch,"%s%d",o_pubprefix,shop);n=sprintf(b,"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n",cl,ch,ml);memcpy(b+n,msg,ml);n+=ml;b[n++]='\r';b[n++]='\n';}
  else if(!strcmp(o_pub,"inbox")){ // the relay's door: one XADD per event, numbered per shop
    char head[128];int hl=sprintf(head,"%d %u 1795199891566 %d %s\n",shop,++shopseq[shop],ml,o_topics);
    n=sprintf(b,"*8\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$5\r\n10000\r\n$1\r\n*\r\n$1\r\ne\r\n$%d\r\n",(int)strlen(o_pubprefix),o_pubprefix,hl+ml);
    memcpy(b+n,head,hl);n+=hl;memcpy(b+n,msg,ml);n+=ml;b[n++]='\r';b[n++]='\n';}
  rem_[seq&WMASK]=shopn[shop];published++;expected+=shopn[shop];pub_raw(p,b,n);
}
static void pub_flush_all(void){for(int k=0;k<o_pubconns;k++)if(P[k].ol)pub_flush(&P[k]);}

static void got(conn*c,const char*p,const char*end,u64 t){ // p points just after marker
  if(end-p<19+1+8+1+5)return; u64 ts=0;for(int i=0;i<19;i++)ts=ts*10+(p[i]-'0');u32 s=0,sh=0;for(int i=20;i<28;i++)s=s*10+(p[i]-'0');for(int i=29;i<34;i++)sh=sh*10+(p[i]-'0');
  if(sh!=c->shop){misrouted++;return;} if(s<=c->lastseq)ooo++; c->lastseq=s;c->nmsg++;
  u64 d=t>ts?t-ts:0;H[hidx(d)]++;Hn++;if(d>Hmax)Hmax=d;delivered++;lastdel=t;
  if(mode_bcast){u32*r=&rem_[s&WMASK];if(*r&&--*r==0){bcast_inflight--;if(publishing){publish(0,now_ns());bcast_inflight++;pub_flush_all();}}}
}
static int step_run(conn*c){ // run sends until an expect or the end
  char b[8192];int l;int i=c-C;
  while(c->step<nsteps){int k=steps[c->step].k;if(k==ST_EXPECT)return 0;
    if(k==ST_SEND||k==ST_SENDBIN){subst(steps[c->step].s,i,c->shop,0,0,b,&l);ws_send(c,k==ST_SEND?1:2,b,l);}
    else if(k==ST_MQTTC){char id[32];int il=sprintf(id,"c%d",i);int n=0;b[n++]=0x10;b[n++]=10+2+il;memcpy(b+n,"\0\4MQTT\4\2\0\0",10);n+=10;b[n++]=0;b[n++]=il;memcpy(b+n,id,il);n+=il;ws_send(c,2,b,n);}
    else if(k==ST_MQTTS){char t[64];int tl;subst(steps[c->step].s,i,c->shop,0,0,t,&tl);int n=0;b[n++]=(char)0x82;b[n++]=2+2+tl+1;b[n++]=0;b[n++]=1;b[n++]=0;b[n++]=tl;memcpy(b+n,t,tl);n+=tl;b[n++]=0;ws_send(c,2,b,n);}
    c->step++; }
  if(c->state!=C_DEAD){c->state=C_READY;nready++;inflight_c--;} return 1;}
static int hint=-1;
// Acknowledge every o_ack-th event with the seq its frame names, as a device of ours does.
static void ack(conn*c,const char*p,int l){
  static const char H[]="{\"t\":\"event\",\"seq\":";if(l<(int)sizeof H||memcmp(p,H,sizeof H-1))return;
  char b[64];int n=sprintf(b,"{\"t\":\"ack\",\"up_to\":%lld}",atoll(p+sizeof H-1));ws_send(c,1,b,n);}
static void data(conn*c,char*p,int l,u64 t,int op){
  if(o_auto_in&&l==(int)strlen(o_auto_in)&&!memcmp(p,o_auto_in,l)){ws_send(c,op,o_auto_out,strlen(o_auto_out));return;}
  if(c->state==C_SCRIPT){if(memmem(p,l,steps[c->step].s,steps[c->step].len)){c->step++;step_run(c);}return;}
  frames_in++;int pos=0;char*q;
  while(pos<l){ if(pos==0&&hint>=0&&hint+(int)mlen<l&&!memcmp(p+hint,o_marker,mlen))q=p+hint; else q=memmem(p+pos,l-pos,o_marker,mlen);
    if(!q)break; if(pos==0)hint=q-p; got(c,q+mlen,p+l,t); pos=(q-p)+o_size-16; if(pos<0)pos=0; }
  if(o_ack&&c->nmsg%o_ack==0)ack(c,p,l);
}
static char RB[1<<20];
static void kill_conn(conn*c){if(c->state==C_DEAD)return;if(c->state!=C_READY)inflight_c--;c->state=C_DEAD;ndead++;close(c->fd);}
static void on_read(conn*c){
  if(c->slow&&c->state==C_READY)return;
  for(;;){
    int base=c->rlen;if(base){memcpy(RB,c->rem,base);}
    ssize_t r=recv(c->fd,RB+base,sizeof RB-base,MSG_DONTWAIT);recvs++;
    if(r<0){if(errno==EAGAIN)return;kill_conn(c);return;} if(r==0){kill_conn(c);return;}
    bytes_in+=r;int full=(r==(ssize_t)sizeof RB-base);int len=base+r,off=0;u64 t=now_ns();
    if(c->state==C_HS){char*e=memmem(RB,len,"\r\n\r\n",4);if(e){if(memcmp(RB,"HTTP/1.1 101",12)){fprintf(stderr,"handshake: %.*s\n",len<300?len:300,RB);kill_conn(c);return;}off=e-RB+4;c->state=C_SCRIPT;step_run(c);}}
    if(c->state>=C_SCRIPT)while(len-off>=2){u8*q=(u8*)RB+off;u64 l=q[1]&127;int h=2;if(l==126){if(len-off<4)break;l=q[2]<<8|q[3];h=4;}else if(l==127){if(len-off<10)break;l=0;for(int i=0;i<8;i++)l=l<<8|q[2+i];h=10;}
      if((u64)(len-off)<h+l)break;int op=q[0]&15;
      if(op==8){kill_conn(c);return;} else if(op==9)ws_send(c,10,(char*)q+h,l); else if(op<3)data(c,(char*)q+h,l,t,op?op:1);
      off+=h+l; if(c->state==C_DEAD)return; }
    int left=len-off; if(left){if(left>c->rlen||!c->rem)c->rem=realloc(c->rem,left);memcpy(c->rem,RB+off,left);}else if(c->rem){free(c->rem);c->rem=NULL;} c->rlen=left;
    if(!full)return;
  }
}
static struct sockaddr_in dst;
static void open_one(int i){conn*c=&C[i];c->fd=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0);if(c->fd<0)die("socket");int one=1;
  setsockopt(c->fd,IPPROTO_TCP,TCP_NODELAY,&one,4);setsockopt(c->fd,IPPROTO_IP,IP_BIND_ADDRESS_NO_PORT,&one,4);
  if(c->slow){int sz=4096;setsockopt(c->fd,SOL_SOCKET,SO_RCVBUF,&sz,4);}
  struct linger lg={1,0};setsockopt(c->fd,SOL_SOCKET,SO_LINGER,&lg,sizeof lg);
  if(!strncmp(o_host,"127.",4)){struct sockaddr_in s={.sin_family=AF_INET};s.sin_addr.s_addr=htonl(0x7f000000u|(2+i%o_srcs));if(bind(c->fd,(void*)&s,sizeof s))die("bind");}
  if(connect(c->fd,(void*)&dst,sizeof dst)&&errno!=EINPROGRESS)die("connect");
  struct epoll_event e={.events=EPOLLIN|EPOLLOUT|EPOLLET,.data.u32=i};epoll_ctl(ep,EPOLL_CTL_ADD,c->fd,&e);inflight_c++;}
static void on_connected(int i){conn*c=&C[i];int er=0;socklen_t sl=4;getsockopt(c->fd,SOL_SOCKET,SO_ERROR,&er,&sl);if(er){fprintf(stderr,"connect: %s\n",strerror(er));kill_conn(c);return;}
  char path[512],hd[2048],b[8192];int l;subst(o_path,i,c->shop,0,0,path,&l);subst(o_headers,i,c->shop,0,0,hd,&l);
  int n=sprintf(b,"GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s%s\r\n",path,o_host,o_port,o_proto?"Sec-WebSocket-Protocol: ":"",o_proto?o_proto:"",o_proto?"\r\n":"",hd);
  if(send(c->fd,b,n,MSG_NOSIGNAL)!=n){kill_conn(c);return;}
  c->state=C_HS;struct epoll_event e={.events=EPOLLIN|EPOLLET,.data.u32=i};epoll_ctl(ep,EPOLL_CTL_MOD,c->fd,&e);}

static struct epoll_event EV[1024];
static void poll_once(i64 tmo_ns){struct timespec ts={tmo_ns/1000000000,tmo_ns%1000000000};int n=epoll_pwait2(ep,EV,1024,tmo_ns<0?NULL:&ts,NULL);
  for(int k=0;k<n;k++){u32 i=EV[k].data.u32;if(i>=0x80000000u){pubc*p=&P[i&63];static char jb[1<<16];if(EV[k].events&EPOLLIN)while(1){ssize_t r=recv(p->fd,jb,sizeof jb,MSG_DONTWAIT);if(r==0){fprintf(stderr,"publisher connection closed\n");exit(3);}if(r<=0)break;
        if(!p->ready){p->ready=1;if(getenv("WSFAN_DEBUG"))fprintf(stderr,"pub<- %.*s\n",(int)r,jb);} if(r<(ssize_t)sizeof jb)break;}
      if(EV[k].events&EPOLLOUT)pub_flush(p);continue;}
    conn*c=&C[i];if(c->state==C_DEAD)continue;if(c->state==C_CONN){if(EV[k].events&(EPOLLOUT|EPOLLERR|EPOLLHUP))on_connected(i);continue;}
    on_read(c);} }
static void pub_open(void){for(int k=0;k<o_pubconns;k++){pubc*p=&P[k];int one=1;
    if(o_pubunix){p->fd=socket(AF_UNIX,SOCK_STREAM,0);struct sockaddr_un u={.sun_family=AF_UNIX};strncpy(u.sun_path,o_pubunix,sizeof u.sun_path-1);if(connect(p->fd,(void*)&u,sizeof u))die("pub connect");}
    else{p->fd=socket(AF_INET,SOCK_STREAM,0);struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(o_pubport)};inet_pton(AF_INET,o_pubhost,&a.sin_addr);
    if(connect(p->fd,(void*)&a,sizeof a))die("pub connect");}setsockopt(p->fd,IPPROTO_TCP,TCP_NODELAY,&one,4);fcntl(p->fd,F_SETFL,O_NONBLOCK);
    struct epoll_event e={.events=EPOLLIN|EPOLLOUT|EPOLLET,.data.u32=0x80000000u|k};epoll_ctl(ep,EPOLL_CTL_ADD,p->fd,&e);
    if(!strcmp(o_pub,"nats"))pub_raw(p,"CONNECT {\"verbose\":false}\r\n",27);
    if(!strcmp(o_pub,"mqtt")){char b[64];int n=0,il;char id[16];il=sprintf(id,"p%d",k);b[n++]=0x10;b[n++]=12+il;memcpy(b+n,"\0\4MQTT\4\2\0\0",10);n+=10;b[n++]=0;b[n++]=il;memcpy(b+n,id,il);n+=il;pub_raw(p,b,n);}
    pub_flush(p);}}
// ---------- process accounting ----------
static double pid_cpu(void){double s=0;char*t=strdup(o_pids),*sv,*x;for(x=strtok_r(t,",",&sv);x;x=strtok_r(0,",",&sv)){char f[64],b[2048];sprintf(f,"/proc/%s/stat",x);FILE*h=fopen(f,"r");if(!h)continue;int n=fread(b,1,2047,h);b[n]=0;fclose(h);char*q=strrchr(b,')');unsigned long long u=0,k=0;
    if(q)sscanf(q+2,"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",&u,&k);s+=(u+k)/(double)sysconf(_SC_CLK_TCK);}free(t);return s;}
static double pid_sys(void){double s=0;char*t=strdup(o_pids),*sv,*x;for(x=strtok_r(t,",",&sv);x;x=strtok_r(0,",",&sv)){char f[64],b[2048];sprintf(f,"/proc/%s/stat",x);FILE*h=fopen(f,"r");if(!h)continue;int n=fread(b,1,2047,h);b[n]=0;fclose(h);char*q=strrchr(b,')');unsigned long long u=0,k=0;
    if(q)sscanf(q+2,"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",&u,&k);s+=k/(double)sysconf(_SC_CLK_TCK);}free(t);return s;}
static double pid_pss_kb(void){double s=0;char*t=strdup(o_pids),*sv,*x;for(x=strtok_r(t,",",&sv);x;x=strtok_r(0,",",&sv)){char f[64],b[256];sprintf(f,"/proc/%s/smaps_rollup",x);FILE*h=fopen(f,"r");if(!h)continue;while(fgets(b,256,h)){double k;if(sscanf(b,"Pss: %lf",&k)==1)s+=k;}fclose(h);}free(t);return s;}
static double self_cpu(void){struct rusage r;getrusage(RUSAGE_SELF,&r);return r.ru_utime.tv_sec+r.ru_stime.tv_sec+(r.ru_utime.tv_usec+r.ru_stime.tv_usec)/1e6;}
static void drain(double maxs){u64 t0=now_ns();u64 want=expected;while(delivered<want&&now_ns()-t0<(u64)(maxs*1e9))poll_once(20000000);}
static void lat_json(void){printf("\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,",hpct(.5)/1e6,hpct(.99)/1e6,hpct(.999)/1e6,Hmax/1e6);}
static u64 rng=88172645463325252ull; static u64 rnd(void){rng^=rng<<13;rng^=rng>>7;rng^=rng<<17;return rng;}
typedef struct {double rate,ach,p50,p99,p999,mx,dps,scpu,gcpu,ssys;i64 lost;int ok;} stepres;
static stepres open_loop(double rate,double secs){
  hreset();u64 e0=expected,d0=delivered,p0=published;double sc=pid_cpu(),ss=pid_sys(),gc=self_cpu();u64 t0=now_ns(),tend=t0+(u64)(secs*1e9);double gap=1e9/rate;u64 k=0;u64 t=t0;
  while((t=now_ns())<tend){u64 due;int did=0;while((due=t0+(u64)(k*gap))<=t&&due<tend){publish(rnd()%o_shops,due);k++;if(++did>=64)break;}
    if(did)pub_flush_all();due=t0+(u64)(k*gap);t=now_ns();poll_once(due>t?(i64)(due-t):0);}
  double el=(now_ns()-t0)/1e9;stepres r={.rate=rate};r.dps=(delivered-d0)/el;r.scpu=(pid_cpu()-sc)/el;r.ssys=(pid_sys()-ss)/el;r.gcpu=(self_cpu()-gc)/el;r.ach=(published-p0)/el;
  drain(3);r.lost=(i64)(expected-e0)-(i64)(delivered-d0);if(r.lost>0){drain(3);r.lost=(i64)(expected-e0)-(i64)(delivered-d0);delivered=expected;}
  r.p50=hpct(.5)/1e6;r.p99=hpct(.99)/1e6;r.p999=hpct(.999)/1e6;r.mx=Hmax/1e6;r.ok=r.p99<=o_p99&&r.lost<=0&&r.ach>0.98*rate;
  if(getenv("WSFAN_DEBUG"))fprintf(stderr,"rate %.0f ach %.0f dps %.0f p50 %.2f p99 %.2f lost %lld scpu %.2f gcpu %.2f ok %d\n",rate,r.ach,r.dps,r.p50,r.p99,(long long)r.lost,r.scpu,r.gcpu,r.ok);
  return r;}
static void prt(stepres*r){printf("\"pub_rate\":%.0f,\"dps\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,\"lost\":%lld,\"srv_cpu\":%.2f,\"srv_sys\":%.2f,\"gen_cpu\":%.2f,",r->rate,r->dps,r->p50,r->p99,r->p999,r->mx,(long long)r->lost,r->scpu,r->ssys,r->gcpu);}
static void addstep(int k,const char*s){if(nsteps<32){steps[nsteps].k=k;steps[nsteps].s=unesc(s,&steps[nsteps].len);nsteps++;}}

int main(int ac,char**av){
  static struct option L[]={{"url",1,0,1},{"n",1,0,2},{"shops",1,0,3},{"header",1,0,4},{"proto",1,0,5},{"send",1,0,6},{"sendbin",1,0,7},{"expect",1,0,8},{"mqtt",0,0,9},{"nats",0,0,10},{"sio",0,0,11},{"autoreply",1,0,12},
   {"pub",1,0,13},{"pubport",1,0,14},{"pub-path",1,0,15},{"pub-header",1,0,16},{"pub-tpl",1,0,17},{"pub-prefix",1,0,18},{"pubconns",1,0,19},{"workload",1,0,20},{"secs",1,0,21},{"window",1,0,22},{"size",1,0,23},{"rate0",1,0,24},{"p99ms",1,0,25},{"step",1,0,26},{"marker",1,0,27},{"pids",1,0,28},{"conc",1,0,29},{"cpu",1,0,30},{"name",1,0,31},{"bisect",1,0,32},{"rate",1,0,33},{"slow",1,0,34},{"settle",1,0,35},{"srcs",1,0,36},{"ack",1,0,37},{"topics",1,0,38},{"pub-unix",1,0,39},{"growth",1,0,40},{0}};
  int c,l;char hb[4096]="";
  while((c=getopt_long(ac,av,"",L,0))>0)switch(c){
   case 1:{char*u=strdup(optarg);if(strncmp(u,"ws://",5)){fprintf(stderr,"url: ws://ip:port/path\n");return 1;}u+=5;char*sl=strchr(u,'/');o_path=sl?strdup(sl):"/";if(sl)*sl=0;char*co=strchr(u,':');o_port=80;if(co){*co=0;o_port=atoi(co+1);}o_host=u;o_pubhost=u;break;}
   case 2:o_n=atoi(optarg);break;case 3:o_shops=atoi(optarg);break;case 4:strcat(hb,optarg);strcat(hb,"\r\n");break;case 5:o_proto=optarg;break;
   case 6:addstep(ST_SEND,optarg);break;case 7:addstep(ST_SENDBIN,optarg);break;case 8:addstep(ST_EXPECT,optarg);break;
   case 9:o_proto="mqtt";o_path="/";addstep(ST_MQTTC,"");addstep(ST_EXPECT,"\\x20\\x02");addstep(ST_MQTTS,"s/{shop}");addstep(ST_EXPECT,"\\x90");o_pub="mqtt";break;
   case 10:addstep(ST_EXPECT,"INFO");addstep(ST_SENDBIN,"CONNECT {\"verbose\":false}\\r\\nSUB s.{shop} 1\\r\\nPING\\r\\n");addstep(ST_EXPECT,"PONG");o_pub="nats";break;
   case 11:o_path="/socket.io/?EIO=4&transport=websocket";addstep(ST_EXPECT,"0{");addstep(ST_SEND,"40");addstep(ST_EXPECT,"40{");addstep(ST_SEND,"42[\"join\",\"{shop}\"]");addstep(ST_EXPECT,"joined");o_auto_in="2";o_auto_out="3";break;
   case 12:o_auto_in=strdup(optarg);o_auto_out=strchr(o_auto_in,'=');*o_auto_out++=0;break;
   case 13:o_pub=optarg;break;case 14:o_pubport=atoi(optarg);break;case 15:o_pubpath=optarg;break;case 16:{char*x=malloc(strlen(o_pubhdr)+strlen(optarg)+3);sprintf(x,"%s%s\r\n",o_pubhdr,optarg);o_pubhdr=x;break;}
   case 17:o_pubtpl=unesc(optarg,&l);break;case 18:o_pubprefix=optarg;break;case 19:o_pubconns=atoi(optarg);break;case 20:o_workload=optarg;break;case 21:o_secs=atof(optarg);break;case 22:o_window=atoi(optarg);break;case 23:o_size=atoi(optarg);break;
   case 24:o_rate0=atof(optarg);break;case 25:o_p99=atof(optarg);break;case 26:o_step=atof(optarg);break;case 27:o_marker=optarg;break;case 28:o_pids=optarg;break;case 29:o_conc=atoi(optarg);break;
   case 30:{cpu_set_t s;CPU_ZERO(&s);CPU_SET(atoi(optarg),&s);sched_setaffinity(0,sizeof s,&s);break;}
   case 31:o_name=optarg;break;case 32:o_bisect=atoi(optarg);break;case 33:o_rate=atof(optarg);break;case 34:o_slow=atoi(optarg);break;case 35:o_settle=atof(optarg);break;case 36:o_srcs=atoi(optarg);break;case 37:o_ack=atoi(optarg);break;case 38:o_topics=optarg;break;case 39:o_pubunix=optarg;break;case 40:o_growth=atof(optarg);break;
   default:fprintf(stderr,"see README.md\n");return 1;}
  o_headers=hb;mlen=strlen(o_marker);
  struct rlimit rl={200000,200000};if(setrlimit(RLIMIT_NOFILE,&rl)){getrlimit(RLIMIT_NOFILE,&rl);rl.rlim_cur=rl.rlim_max;setrlimit(RLIMIT_NOFILE,&rl);}
  C=calloc(o_n,sizeof*C);shopn=calloc(o_shops,4);shopseq=calloc(o_shops,4);rem_=calloc(WMASK+1,4);
  for(int i=0;i<o_n;i++){C[i].shop=i%o_shops;C[i].slow=i<o_slow;if(!C[i].slow)shopn[C[i].shop]++;}
  ep=epoll_create1(0);dst.sin_family=AF_INET;dst.sin_port=htons(o_port);inet_pton(AF_INET,o_host,&dst.sin_addr);
  double pss0=pid_pss_kb(),sc0=pid_cpu();u64 t0=now_ns();
  while(nready+ndead<o_n){while(next_c<o_n&&inflight_c<o_conc)open_one(next_c++);poll_once(100000000);if(now_ns()-t0>(u64)(o_ctimeout*1e9)){fprintf(stderr,"connect timeout ready=%d dead=%d\n",nready,ndead);break;}}
  double ct=(now_ns()-t0)/1e9,ccpu=pid_cpu()-sc0;
  {u64 ts=now_ns();while(now_ns()-ts<(u64)(o_settle*1e9))poll_once(10000000);}
  double pss1=pid_pss_kb();
  printf("{\"name\":\"%s\",\"workload\":\"%s\",\"n\":%d,\"ready\":%d,\"dead\":%d,\"connects_per_s\":%.0f,\"connect_cpu_us\":%.1f,\"pss0_mb\":%.1f,\"pss_idle_mb\":%.1f,\"kb_per_conn\":%.2f,",o_name,o_workload,o_n,nready,ndead,nready/ct,ccpu*1e6/(nready?nready:1),pss0/1024,pss1/1024,(pss1-pss0)/(nready?nready:1));
  if(nready==0){printf("\"error\":1}\n");return 4;}
  int dead0=ndead;
  if(strcmp(o_workload,"idle")){pub_open();{u64 ts=now_ns();while(now_ns()-ts<200000000ull)poll_once(10000000);}}
  if(!strcmp(o_workload,"bcast")){
    mode_bcast=1;
    // warm-up 0.3 s, then measure
    for(int phase=0;phase<2;phase++){
      hreset();delivered=expected=published=frames_in=recvs=bytes_in=0;bcast_inflight=0;publishing=1;double sc=pid_cpu(),ss=pid_sys(),gc=self_cpu();u64 s0=now_ns();double dur=phase?o_secs:0.3;u64 stalls=0;lastdel=s0;
      for(int w=0;w<o_window;w++){publish(0,now_ns());bcast_inflight++;}pub_flush_all();
      while(now_ns()-s0<(u64)(dur*1e9)){poll_once(50000000);if(now_ns()-lastdel>2000000000ull){stalls++;lastdel=now_ns();publish(0,lastdel);pub_flush_all();}}
      publishing=0;double el=(now_ns()-s0)/1e9;u64 d=delivered;double sc1=pid_cpu()-sc,ss1=pid_sys()-ss,gc1=self_cpu()-gc;drain(3);
      i64 lost=(i64)expected-(i64)delivered;
      if(phase){printf("\"secs\":%.2f,\"published\":%llu,\"dps\":%.0f,",el,(unsigned long long)published,d/el);lat_json();printf("\"lost\":%lld,\"stalls\":%llu,\"ooo\":%llu,\"misrouted\":%llu,\"died\":%d,\"srv_cpu\":%.2f,\"srv_sys\":%.2f,\"gen_cpu\":%.2f,\"srv_us_per_msg\":%.3f,\"gen_us_per_msg\":%.3f,\"msgs_per_recv\":%.2f,",(long long)lost,(unsigned long long)stalls,(unsigned long long)ooo,(unsigned long long)misrouted,ndead-dead0,sc1/el,ss1/el,gc1/el,sc1*1e6/(d?d:1),gc1*1e6/(d?d:1),(double)d/(recvs?recvs:1));}
    }
  } else if(!strcmp(o_workload,"ladder")){
    stepres r,best={0};double rate=o_rate0,lo=0,hi=0;open_loop(o_rate0/2,0.3);
    while(1){r=open_loop(rate,o_step);if(!r.ok)r=open_loop(rate,o_step);if(r.ok){best=r;lo=rate;if(rate>4e6)break;rate*=o_growth;}else{hi=rate;break;}if(ndead>dead0)break;}
    if(lo==0){while(rate>1&&lo==0){rate/=2;r=open_loop(rate,o_step);if(r.ok){lo=rate;best=r;}else hi=rate;}}
    for(int k=0;k<o_bisect&&hi;k++){rate=(lo+hi)/2;r=open_loop(rate,o_step);if(!r.ok)r=open_loop(rate,o_step);if(r.ok){lo=rate;best=r;}else hi=rate;}
    prt(&best);printf("\"ooo\":%llu,\"misrouted\":%llu,\"died\":%d,",(unsigned long long)ooo,(unsigned long long)misrouted,ndead-dead0);
  } else if(!strcmp(o_workload,"fixed")){open_loop(o_rate,0.3);stepres r=open_loop(o_rate,o_secs);prt(&r);printf("\"ooo\":%llu,\"misrouted\":%llu,\"died\":%d,",(unsigned long long)ooo,(unsigned long long)misrouted,ndead-dead0);}
  printf("\"pss_end_mb\":%.1f}\n",pid_pss_kb()/1024);fflush(stdout);
  for(int i=0;i<o_n;i++)if(C[i].state!=C_DEAD&&C[i].fd)close(C[i].fd);
  return 0;}
